"""Online monitoring of a run: its logged values, and that it does not change the training."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from tiny import tiny
from together import batch, method_of

from iebench.baselines.method import names
from iebench.benchmark.errors import Collapsed, Diverged
from iebench.benchmark.training import runs
from iebench.benchmark.training.checkpoint import CHECKPOINT
from iebench.benchmark.training.config import RunConfig, resolve
from iebench.benchmark.training.log import TIMES, read
from iebench.benchmark.training.online.tap import Tap
from iebench.benchmark.training.train import train
from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.recipe import load

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]
SMALL = [
    "batch=8", "resolution=16", "encoder.width=0.125", "encoder.stem=small", "steps=6", "log_every=2",
    "checkpoint_every=3",
]  # fmt: skip
PROBES = "online.probes=true"


def config(data: Path, *assignments: str, method: str = "sie") -> RunConfig:
    settings, chosen = resolve(method, "quick", [*SMALL, *tiny(method), *assignments])
    info = DatasetInfo.load(data)
    return RunConfig(method, asdict(chosen), settings, data, info.fingerprint, settings.side(32), 0, "cpu", {})


@pytest.mark.parametrize("method", ["sie", "byol"])
def test_the_run_is_the_same_to_the_last_bit_with_and_without(method: str, tiny_dataset: Path, tmp_path: Path) -> None:
    for name, extra in (("plain", []), ("watched", [PROBES])):
        torch.manual_seed(9)
        train(tmp_path / name, config(tiny_dataset, *extra, method=method))
    plain, watched = tmp_path / "plain", tmp_path / "watched"
    assert (plain / runs.WEIGHTS).read_bytes() == (watched / runs.WEIGHTS).read_bytes()
    states = [torch.load(run / CHECKPOINT, weights_only=True) for run in (plain, watched)]
    for part in ("method", "optimizer", "generators"):
        torch.testing.assert_close(states[0][part], states[1][part], rtol=0, atol=0)
    left_out = [{k: v for k, v in line.items() if k not in TIMES and "/" not in k} for line in list(read(watched))]
    assert left_out == [{k: v for k, v in line.items() if k not in TIMES} for line in list(read(plain))]


def test_what_is_logged_says_that_it_is_online(tiny_dataset: Path, tmp_path: Path) -> None:
    train(tmp_path / "run", config(tiny_dataset, PROBES))
    lines = list(read(tmp_path / "run"))
    assert [line["step"] for line in lines] == [2, 4, 6]
    factors = {f"{factor.name}_r2" for factor in load().factors}
    others = {"top1", "knn_top1", "rankme", "std_encoder", "std_invariant_projector", "std_equivariant_projector"}
    for line in lines:
        assert {key.removeprefix("online/") for key in line if key.startswith("online/")} == factors | others
        assert 1 <= line["online/rankme"] <= 64 and 0 <= line["online/knn_top1"] <= 1
        assert 0 < line["online/std_encoder"] < 1
    assert not any(key.startswith("online/") for line in read_plain(tiny_dataset, tmp_path) for key in line)


def read_plain(data: Path, folder: Path) -> list[dict[str, float]]:
    train(folder / "plain", config(data, "steps=2"))
    return list(read(folder / "plain"))


def test_a_run_may_be_watched_from_the_middle_on(tiny_dataset: Path, tmp_path: Path) -> None:
    train(tmp_path / "run", config(tiny_dataset, "steps=4"))
    train(tmp_path / "run", config(tiny_dataset, PROBES), resume=True)
    assert ["online/top1" in line for line in list(read(tmp_path / "run"))] == [False, False, True]


@pytest.mark.parametrize("method", [name for name in names() if name not in ("sie", "byol", "random")])
def test_every_method_can_be_watched(method: str, tiny_for: Callable[[str], Path], tmp_path: Path) -> None:
    train(tmp_path / "run", config(tiny_for(method), PROBES, "steps=1", method=method))
    assert "online/top1" in list(read(tmp_path / "run"))[-1]


def test_a_loss_that_explodes_says_what_went_first(tiny_dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(Diverged, match=r"run: the loss is (nan|inf) at step \d+; .* at step \d.*: lower learning_rate"):
        train(tmp_path / "run", config(tiny_dataset, "learning_rate=1e30"))


def test_a_collapsed_run_stops_unless_it_may_go_on(tiny_dataset: Path, tmp_path: Path) -> None:
    dead = ("weight_decay=1e6", "optimizer=sgd", "learning_rate=1e-6", "momentum=0", "steps=8", "log_every=1")
    shrunk = config(tiny_dataset, *dead, method="byol")  # weight decay takes all weights to zero, and biases stay equal
    with pytest.raises(
        Collapsed, match=r"the output of (encoder|projector) has been the same for all images since step"
    ):
        train(tmp_path / "run", shrunk)
    train(tmp_path / "free", config(tiny_dataset, *dead, "online.collapse=0", method="byol"))


@pytest.mark.parametrize("passes", ["apart", "together"])
def test_outputs_are_in_the_order_of_the_latents_and_of_the_last_pass(passes: str) -> None:
    images, latents = batch(views=3)
    method, _ = method_of("vicreg", f"passes={passes}")
    method.eval()
    with Tap(method) as tap:
        for factor in (0.5, 1.0):
            method(factor * images, latents)
        features = method.encoder(images.flatten(0, 1)).detach()
        method(images, latents)
    assert tap.outputs.keys() == {"encoder", "projector"}
    torch.testing.assert_close(tap.outputs["encoder"], features, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(tap.outputs["projector"], method.projector(features).detach(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("passes", ["apart", "together"])
@pytest.mark.parametrize("name", ["essl", "stl"])
def test_passes_over_other_pictures_or_predictions_are_left_out(name: str, passes: str) -> None:
    images, latents = batch(views=2)
    method, _ = method_of(name, f"passes={passes}")
    method.eval()
    with Tap(method) as tap:
        method(images, latents)
        outputs = tap.outputs
    features = method.encoder(images.flatten(0, 1)).detach()
    torch.testing.assert_close(outputs["encoder"], features, rtol=1e-9, atol=1e-12)
    if name == "stl":
        expected = method.equivariant_projector(features).detach()
        torch.testing.assert_close(outputs["equivariant_projector"], expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("passes", ["apart", "together"])
def test_of_a_method_that_does_not_see_the_last_view_the_first_ones_count(passes: str) -> None:
    images, latents = batch(views=3)
    method, _ = method_of("seq-jepa", f"passes={passes}")
    method.eval()
    with Tap(method) as tap:
        method(images, latents)
        features = method.encoder(images[:, :2].flatten(0, 1)).detach()
        torch.testing.assert_close(tap.outputs["encoder"], features, rtol=1e-9, atol=1e-12)


def test_of_a_method_that_sees_no_view_whole_the_last_pass_counts() -> None:
    images, latents = batch(views=2)
    method, _ = method_of("vicreg")
    method.eval()
    method.loss = lambda images, latents: [method.encoder(images[:n, 0]) for n in (1, 3)]  # type: ignore[method-assign]
    with Tap(method) as tap:
        method(images, latents)
        torch.testing.assert_close(tap.outputs["encoder"], method.encoder(images[:3, 0]).detach())
