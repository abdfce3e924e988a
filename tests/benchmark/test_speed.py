"""The speed comparison compares equal work, and runs from end to end on tiny data. No test checks a time."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from scoring import untrained_run

from iebench.baselines.action import ROTATION, rotation_between
from iebench.baselines.networks.encoder import Normalise
from iebench.baselines.networks.predictor import LinearHypernetwork
from iebench.benchmark.data.images import Images
from iebench.benchmark.speed import clock, encoding, loading, predictor, protocols, retrieval, row_groups
from iebench.benchmark.speed.compare import main
from iebench.benchmark.speed.reference import Materialised, Pairs, lay_out

pytestmark = pytest.mark.slow


@pytest.fixture
def files(tiny_dataset: Path, tmp_path: Path) -> Path:
    lay_out(Images.open(tiny_dataset, "train"), tmp_path / "files")
    return tmp_path / "files"


def test_both_loaders_hand_over_the_same_pixels_and_rotations(tiny_dataset: Path, files: Path) -> None:
    images = Images.open(tiny_dataset, "train")
    pairs = Pairs(files, images.labels[::6].tolist(), 6, 32)
    with loading.normalised(images, 32, batch=4) as (batches, _):
        ours = next(batches)
    rows = loading._order(images, 4).rows(0)
    assert isinstance(ours, torch.Tensor)
    for position, row in enumerate(rows.ravel()):
        expected = pairs.image(files / f"{row // 6:06d}" / f"image_{row % 6}.jpg")
        torch.testing.assert_close(ours[position], expected, rtol=0, atol=3e-6)
        decoded = torch.from_numpy(images.read([row])).permute(0, 3, 1, 2).float() / 255
        torch.testing.assert_close(Normalise()(decoded)[0], expected, rtol=0, atol=3e-6)
    torch.manual_seed(3)
    image, other, turn, label = pairs[5]
    torch.manual_seed(3)
    first, second = torch.randperm(6)[:2].tolist()
    poses = [{name: torch.tensor(images.latents[name][[30 + view]]) for name in ROTATION} for view in (first, second)]
    torch.testing.assert_close(rotation_between(*poses)[0].float().abs(), turn.abs())  # SciPy's sign may be the other
    assert image.shape == other.shape == (3, 32, 32) and label == images.labels[30]


def test_the_materialised_predictor_is_ours() -> None:
    torch.manual_seed(0)
    ours = LinearHypernetwork(4, 16).double()
    action, embedding = torch.randn(5, 4).double(), torch.randn(5, 16).double()
    torch.testing.assert_close(Materialised(ours).double()(action, embedding), ours(action, embedding))


def test_the_comparison_runs(tiny_dataset: Path) -> None:
    tiny = ["--rounds", "1", "--seconds", "0.05", "--pairs", "4", "--dim", "32", "--predictor-batches", "8"]
    trained = ["--batch", "4", "--width", "0.125", "--steps", "1", "--workers", "1", "--resolution", "16"]
    result = CliRunner().invoke(main, [str(tiny_dataset), *tiny, *trained, "--device", "cpu"])
    assert result.exit_code == 0, result.output
    for line in (
        "1 worker: images/s",
        "2 workers",
        loading.KEPT,
        "SIE step without encoder",
        "ours over the usual way",
    ):
        assert line in result.output


def test_memory_is_measured_in_a_process_of_its_own() -> None:
    result = CliRunner().invoke(encoding.main, ["--views", "100", "--views", "200", "--dim", "8"])
    assert result.exit_code == 0, result.output
    assert "200 views x 8: file 0 MB, peak" in result.output and "MB for 2622650 views" in result.output


def test_memory_of_row_groups_is_measured() -> None:
    result = CliRunner().invoke(row_groups.main, ["--views", "100", "--dim", "8"])
    assert result.exit_code == 0, result.output
    assert "100 views x 8 in row groups of 4096: file 0 MB, peak" in result.output and "groups of 100:" in result.output


def test_a_predictor_without_room_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predictor, "free_memory", lambda: 10 * 4 * 8 * 16**2 // 4 - 1)
    assert predictor.measure(8, 16, 1, torch.device("cpu")) == []


def test_the_clock_sees_memory_and_turns() -> None:
    added = clock.added_memory(lambda: np.ones(2**23).sum(), torch.device("cpu"))
    assert 2**25 < added < 2**28
    turns: list[str] = []
    clock.in_turns({"a": lambda: turns.append("a"), "b": lambda: turns.append("b")}, 2)
    assert turns == ["a", "b", "a", "b"]
    with clock.watch() as spent:
        sum(range(10**6))
    assert spent.wall > 0 and spent.cpu > 0 and spent.others >= 0


def test_batched_retrieval_ranks_as_the_loop_does() -> None:
    result = CliRunner().invoke(retrieval.main, ["--objects", "6", "--views", "5", "--width", "8", "--sample", "20"])
    assert result.exit_code == 0, result.output
    assert "same rank in 100.0% of the sample" in result.output and "same row in 100.0%" in result.output


@pytest.mark.parametrize("path", sorted(Path(clock.__file__).parent.glob("*.py")), ids=lambda path: path.stem)
def test_every_script_finds_what_it_imports(path: Path) -> None:
    import_module(f"iebench.benchmark.speed.{path.stem}")


def test_protocols_are_timed_on_the_same_features(tiny_dataset: Path, tmp_path: Path) -> None:
    run = untrained_run(tmp_path / "random", tiny_dataset, "random")
    done = CliRunner().invoke(
        protocols.main, ["--run", str(run), "--data", str(tiny_dataset), "--protocol", "converged"]
    )
    assert done.exit_code == 0 and "converged: " in done.output and "CPU seconds, 64 columns" in done.output
