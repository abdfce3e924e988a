"""Finding and loading finished runs, and locking the folder of a run in training."""

import os
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from iebench.baselines.method import build
from iebench.benchmark.errors import Diverged, RunError
from iebench.benchmark.training import runs
from iebench.benchmark.training.config import RunConfig, resolve


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Finished run without any training."""
    settings, own = resolve("vicreg", "quick", ["encoder.width=0.125", "method.projector=[8]"])
    folder = tmp_path / "runs" / "one"
    RunConfig("vicreg", asdict(own), settings, tmp_path / "data", "f" * 64, 32, 3, "cpu", {}).save(folder)
    torch.manual_seed(3)
    method = build("vicreg", own, settings.encoder).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    runs.save_weights(folder, method)
    return folder


def test_the_weights_come_back(run: Path) -> None:
    method, config = runs.load(run)
    torch.manual_seed(3)
    expected = build("vicreg", resolve("vicreg", "quick", ["method.projector=[8]"])[1], config.settings.encoder)
    torch.testing.assert_close(method.state_dict(), expected.state_dict(), rtol=0, atol=0)
    assert not method.training and config.fingerprint == "f" * 64


def test_weights_under_two_names_are_saved_under_both(tmp_path: Path) -> None:
    pair = torch.nn.ModuleDict({"one": torch.nn.Linear(3, 2), "other": torch.nn.Linear(3, 2)})
    pair["other"].weight = pair["one"].weight
    runs.save_weights(tmp_path, pair)
    saved = load_file(tmp_path / runs.WEIGHTS)
    assert torch.equal(saved["one.weight"], saved["other.weight"]) and len(saved) == 4


def test_the_newest_is_the_one_finished_last(run: Path) -> None:
    for name, age in (("two", 100), ("three", 50)):
        other = run.parent / name
        other.mkdir()
        (other / runs.WEIGHTS).touch()
        os.utime(other / runs.WEIGHTS, (1e9 - age, 1e9 - age))
    os.utime(run / runs.WEIGHTS, (1e9 - 75, 1e9 - 75))
    (run.parent / "unfinished").mkdir()
    assert runs.newest(run.parent).name == "three"


def test_no_runs_at_all(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"no finished run under .*: run `iebench train"):
        runs.newest(tmp_path)


def test_a_run_that_is_not_finished(run: Path) -> None:
    (run / runs.WEIGHTS).unlink()
    with pytest.raises(RunError, match="is not finished"):
        runs.load(run)


@pytest.mark.parametrize("content", [b"", b"x" * 100])
def test_damaged_weights(run: Path, content: bytes) -> None:
    (run / runs.WEIGHTS).write_bytes(content)
    with pytest.raises(RunError, match=r"cannot read .*model\.safetensors \(it is damaged"):
        runs.load(run)


def test_one_flipped_bit_of_the_weights_is_noticed(run: Path) -> None:
    content = bytearray((run / runs.WEIGHTS).read_bytes())
    content[-5] ^= 1
    (run / runs.WEIGHTS).write_bytes(content)
    with pytest.raises(RunError, match=r"cannot read .*model\.safetensors \(its weights are not those that were writt"):
        runs.load(run)


def test_weights_of_another_network(run: Path) -> None:
    runs.save_weights(run, torch.nn.Linear(2, 2))
    with pytest.raises(RunError, match="or its weights are of another network"):
        runs.load(run)


def test_weights_that_are_not_finite_finish_no_run(tmp_path: Path) -> None:
    net = torch.nn.Linear(2, 2)
    net.state_dict()["weight"][0, 1] = float("nan")
    with pytest.raises(
        Diverged, match=r"1 of 2 tensors of weights are not finite, or too large .* such as weight: low"
    ):
        runs.save_weights(tmp_path, net)
    assert not list(tmp_path.iterdir())


def test_a_run_is_one_processs_at_a_time(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with runs.held(run):
        (run / "config.json").touch()
        with (
            pytest.raises(RunError, match=rf"run is being trained by process {os.getpid()} on "),
            runs.held(run),
        ):
            pass
    assert [path.name for path in run.iterdir()] == ["config.json"]


def test_a_folder_that_nothing_was_put_into_goes_again(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), runs.held(tmp_path / "run"):
        raise ZeroDivisionError
    assert not (tmp_path / "run").exists()
