"""The duration of a training is printed after its first steps, and one of years is refused there."""

import time
from pathlib import Path

import pytest
import torch

from iebench.benchmark.distributed.ranks import ALONE
from iebench.benchmark.errors import SettingError
from iebench.benchmark.training import runs
from iebench.benchmark.training.checkpoint import CHECKPOINT
from iebench.benchmark.training.config import RunConfig, TrainSettings
from iebench.benchmark.training.pace import TIMED, Pace
from iebench.benchmark.training.train import train

LOSS = torch.tensor(1.0)
SMALL = ("batch=8", "resolution=16", "encoder.width=0.125", "encoder.stem=small", "method.projector=[16]")


def walked(monkeypatch: pytest.MonkeyPatch, settings: TrainSettings, done: int, steps: int, seconds: float) -> None:
    """Take the first steps of a session of which each lasts some seconds, and the first ten times as long."""
    ends = iter([10 * seconds, (10 + TIMED) * seconds])
    monkeypatch.setattr(time, "perf_counter", lambda: next(ends))
    clock = Pace(settings, done, steps)
    for step in range(done + 1, min(steps, done + 10) + 1):
        clock.check(step, LOSS, ALONE)


def test_a_long_training_is_told_once_without_the_first_step(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    walked(monkeypatch, TrainSettings(steps=10_004), 0, 10_004, 0.5)
    assert capsys.readouterr().err == "10,000 steps of 0.5 s, as the first 3 took, are about 1 h 23 min\n"


@pytest.mark.parametrize(("done", "steps"), [(0, 100), (9_990, 10_004), (0, 2), (0, 4)])
def test_a_short_one_is_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], done: int, steps: int
) -> None:
    walked(monkeypatch, TrainSettings(steps=steps), done, steps, 0.5)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("settings", [TrainSettings(steps=10**11), TrainSettings(epochs=10**9)])
def test_one_of_years_is_refused(monkeypatch: pytest.MonkeyPatch, settings: TrainSettings) -> None:
    name = "steps" if settings.steps else "epochs"
    words = rf"^{name}=1.*,000: 99,999,999,996 steps of 0\.1 s, .* are about 317 years: lower {name} with --set$"
    with pytest.raises(SettingError, match=words):
        walked(monkeypatch, settings, 0, 10**11, 0.1)


@pytest.mark.slow
def test_nothing_is_lost_by_the_refusal(tiny_dataset: Path, tmp_path: Path) -> None:
    run, start = tmp_path / "run", time.process_time()
    with pytest.raises(SettingError, match=r"steps=1,000,000,000,000: .* years: lower steps"):
        train(run, RunConfig.of("sie", "quick", [*SMALL, "steps=1000000000000"], tiny_dataset, 0, "cpu"))
    assert time.process_time() - start < 30 and not (run / CHECKPOINT).exists()
    train(run, RunConfig.of("sie", "quick", [*SMALL, "steps=2"], tiny_dataset, 0, "cpu"))
    assert (run / runs.WEIGHTS).is_file()
