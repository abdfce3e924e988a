"""Exact resume, stopping by signals, and crashes."""

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from small_runs import assert_same_end, config

from iebench.baselines.networks.target import Target
from iebench.benchmark.data.batches import Batch, Batches
from iebench.benchmark.errors import Requeue, RunError, RunExists, Stopped
from iebench.benchmark.training import runs
from iebench.benchmark.training.checkpoint import CHECKPOINT
from iebench.benchmark.training.config import RunConfig
from iebench.benchmark.training.train import train

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]


def test_ten_steps_are_five_and_five(whole: Path, tiny_dataset: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    train(run, config(tiny_dataset, "steps=5"))
    torch.manual_seed(99)  # for any initial state of the next process
    train(run, config(tiny_dataset), resume=True)
    assert_same_end(run, whole)


@pytest.mark.parametrize("setting", ["precision=bf16", "kernels=fast"])
def test_settings_that_save_time_go_on_exactly_too(setting: str, tiny_dataset: Path, tmp_path: Path) -> None:
    whole, run = tmp_path / "whole", tmp_path / "run"
    train(whole, config(tiny_dataset, setting, "steps=6"))
    train(run, config(tiny_dataset, setting, "steps=3"))
    train(run, config(tiny_dataset, setting, "steps=6"), resume=True)
    assert_same_end(run, whole)


def test_a_run_from_before_passes_could_be_set_goes_on_as_it_was_trained(tiny_dataset: Path, tmp_path: Path) -> None:
    whole, run = tmp_path / "whole", tmp_path / "run"
    train(whole, config(tiny_dataset, "passes=together"))
    train(run, config(tiny_dataset, "passes=together", "steps=5"))
    table = json.loads((run / "config.json").read_text())
    del table["settings"]["passes"]
    (run / "config.json").write_text(json.dumps(table))
    shutil.copytree(run, tmp_path / "other")
    assert RunConfig.load(run).settings.passes == "together"
    again = config(tiny_dataset, "passes=apart")
    with pytest.raises(RunExists, match=r"other settings \(passes: together there, apart here\)"):
        train(tmp_path / "other", again.for_resuming(run, ["passes=apart"]), resume=True)
    train(run, again.for_resuming(run, ["batch=8"]), resume=True)  # the same command, with another default
    assert_same_end(run, whole)
    assert (
        again.for_resuming(whole, []) == again == again.for_resuming(tmp_path / "none", [])
    )  # one that names it, and none


def test_a_checkpoint_of_another_run_is_not_gone_on_from(whole: Path, tiny_dataset: Path, tmp_path: Path) -> None:
    run, mine = tmp_path / "run", config(tiny_dataset, "keep_every=3", seed=3)
    train(run, config(tiny_dataset, "steps=5", "keep_every=3", seed=3))
    shutil.copy(whole / CHECKPOINT, run / CHECKPOINT)
    words = r"cannot continue from .*checkpoint\.pt \(it is of another run: seed: 0 there, 3 here\): copy .*step-"
    with pytest.raises(RunError, match=words):
        train(run, mine, resume=True)
    old = torch.load(whole / CHECKPOINT, weights_only=True)
    assert old.pop("identity")["seed"] == 0
    torch.save(old, run / CHECKPOINT)  # from before checkpoints stored their run
    train(run, mine, resume=True)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 75), (signal.SIGUSR1, 75), (signal.SIGINT, 130)])
def test_a_signal_saves_and_the_same_command_goes_on(
    number: int, code: int, whole: Path, tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, make = tmp_path / "run", Batches.make

    def make_and_signal(self: Batches, step: int) -> Batch:
        if step == 6:
            os.kill(os.getpid(), number)
        return make(self, step)

    with monkeypatch.context() as patch:
        patch.setattr(Batches, "make", make_and_signal)
        with pytest.raises(Stopped, match=r"stopped after step \d of 10 and saved: .* --resume") as stop:
            train(run, config(tiny_dataset))
    assert stop.value.exit_code == code
    with pytest.raises(RunError, match="not finished: run the same `iebench train` with --resume"):
        runs.load(run)
    train(run, config(tiny_dataset), resume=True)
    assert_same_end(run, whole)


def test_a_crash_between_checkpoints_loses_only_the_steps_since(
    whole: Path, tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, make = tmp_path / "run", Batches.make

    def make_or_die(self: Batches, step: int) -> Batch:
        if step == 6:
            raise OSError("power cut")
        return make(self, step)

    with monkeypatch.context() as patch:
        patch.setattr(Batches, "make", make_or_die)
        with pytest.raises(OSError, match="power cut"):
            train(run, config(tiny_dataset))
    assert torch.load(run / CHECKPOINT, weights_only=True)["progress"]["step"] == 4
    train(run, config(tiny_dataset), resume=True)
    assert_same_end(run, whole)


@pytest.mark.parametrize("method", ["byol", "conditional-byol", "obow", "invariance-propagation"])
def test_target_networks_words_and_banks_survive_a_crash(
    method: str, tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = Batches.make

    def make_or_die(self: Batches, step: int) -> Batch:
        if step == 6:
            raise OSError("power cut")
        return make(self, step)

    train(tmp_path / "whole", config(tiny_dataset, method=method))
    with monkeypatch.context() as patch:
        patch.setattr(Batches, "make", make_or_die)
        with pytest.raises(OSError, match="power cut"):
            train(tmp_path / "run", config(tiny_dataset, method=method))
    torch.manual_seed(99)
    train(tmp_path / "run", config(tiny_dataset, method=method), resume=True)
    assert_same_end(tmp_path / "run", tmp_path / "whole")
    trained = runs.load(tmp_path / "run")[0]
    for target in (module for module in trained.modules() if isinstance(module, Target)):
        moved = next(target.parameters())
        assert not torch.equal(moved, next(trained.encoder.parameters())) and not moved.requires_grad


def test_a_run_whose_steps_depend_on_its_length_keeps_it(tiny_dataset: Path, tmp_path: Path) -> None:
    train(tmp_path / "run", config(tiny_dataset, "steps=2", method="byol"))
    with pytest.raises(RunExists, match="steps: 2 there, 10 here"):
        train(tmp_path / "run", config(tiny_dataset, method="byol"), resume=True)


def test_resuming_a_finished_run_changes_nothing(whole: Path, tiny_dataset: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(whole, tmp_path / "run"))
    before = {path.name: path.stat().st_mtime_ns for path in run.iterdir()}
    train(run, config(tiny_dataset), resume=True)
    assert {path.name: path.stat().st_mtime_ns for path in run.iterdir()} == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_a_queues_signal_before_and_after_the_steps(
    number: int, whole: Path, tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = sys.modules[train.__module__]

    def signalled(name: str) -> Callable[..., object]:
        work = getattr(module, name)

        def late(*arguments: object) -> object:
            os.kill(os.getpid(), number)
            return work(*arguments)

        return late

    run = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(module, "check_fit", signalled("check_fit"))
        with pytest.raises(Requeue, match="stopped before the first step: the same command with --resume continues"):
            train(run, config(tiny_dataset))
    assert not run.exists()
    with monkeypatch.context() as patch:
        patch.setattr(module, "save_weights", signalled("save_weights"))
        with pytest.raises(Requeue, match="stopped after step 10 of 10 and saved"):
            train(run, config(tiny_dataset))
    train(run, config(tiny_dataset), resume=True)
    assert_same_end(run, whole)


@pytest.mark.parametrize("end", [8, 10])
def test_fewer_steps_than_there_are_already(end: int, whole: Path, tiny_dataset: Path, tmp_path: Path) -> None:
    """Tested on a finished run, and on a stopped one whose last checkpoint is of step 8."""
    run, ten = Path(shutil.copytree(whole, tmp_path / "run")), config(tiny_dataset)
    if end == 8:
        (run / runs.WEIGHTS).unlink()
        state = torch.load(run / CHECKPOINT, weights_only=True)
        torch.save({**state, "progress": {"step": 8, "seconds": 1.0}}, run / CHECKPOINT)
    before = {path: path.read_bytes() for path in run.glob("*") if path.is_file()}
    with pytest.raises(RunExists, match=rf"has done {end} steps already and steps=2 is fewer: .* steps={end}, or"):
        train(run, config(tiny_dataset, "steps=2"), resume=True)
    with pytest.raises(RunExists, match=rf"and epochs=1 \(3 steps\) is fewer: .*steps={end}, or"):
        train(run, replace(ten, settings=replace(ten.settings, steps=None, epochs=1)), resume=True)
    assert {path: path.read_bytes() for path in run.glob("*") if path.is_file()} == before
