"""Trainings in separate processes: stopped by signals or killed, and resumed to the same final state."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from killed_training import ended_alike
from observe import alive, command, descendants, end
from together import end_one_by_one, run_ranks
from trainings import Training

from iebench.benchmark.commands import launch
from iebench.benchmark.training.config import CONFIG
from iebench.benchmark.training.log import METRICS

pytestmark = pytest.mark.slow

STEPS = 24


def lines(run: Path) -> int:
    path = run / METRICS
    return len(path.read_text().splitlines()) if path.exists() else 0


def until_step(run: Path, training: Training, step: int) -> None:
    """Wait until a training has logged `step` steps."""
    until = time.monotonic() + 300  # far more than needed, unless the machine is very busy
    while lines(run) < step and training.running and time.monotonic() < until:
        time.sleep(0.005)
    assert training.running and lines(run) >= step, training.ended()[1][-2000:]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def finish(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    """Wait for a process; return its exit code and its standard error."""
    error = process.communicate(timeout=600)[1].decode()
    return process.returncode, error


def test_a_killed_training_ends_as_if_it_had_not_been(tiny_dataset: Path, tmp_path: Path) -> None:
    run, whole = tmp_path / "run", tmp_path / "whole"
    uninterrupted = Training(whole, tiny_dataset, 1, STEPS)
    for step in (3, 13):  # before the first checkpoint, and between two
        training = Training(run, tiny_dataset, 1, STEPS)
        until_step(run, training, step)
        training.send(signal.SIGKILL)
        assert training.ended()[0] == -signal.SIGKILL
    for training in (uninterrupted, Training(run, tiny_dataset, 1, STEPS)):
        code, error = training.ended()
        assert code == 0, error
    assert ended_alike(run, whole)
    assert [path.name for path in (run / "checkpoints").iterdir()] == ["step-0000020.pt"]


def test_two_ranks_stopped_and_killed_end_as_if_they_had_not_been(tiny_dataset: Path, tmp_path: Path) -> None:
    run, whole = tmp_path / "run", tmp_path / "whole"
    uninterrupted = Training(whole, tiny_dataset, 2, STEPS)

    training = Training(run, tiny_dataset, 2, STEPS)
    until_step(run, training, 3)
    training.send(signal.SIGUSR1)
    code, error = training.ended()
    assert code == 75 and error.count("stopped after step") == 1 and "Traceback" not in error

    training = Training(run, tiny_dataset, 2, STEPS)
    until_step(run, training, lines(run) + 2)
    ranks = training.ranks()
    assert len(ranks) == 2
    os.kill(ranks[1], signal.SIGKILL)
    code, error = training.ended()
    assert (
        "Traceback" not in error
        and code == 1
        and "was ended by SIGKILL" in error
        and "--resume continues from the last checkpoint" in error
    )
    assert end(ranks)

    for training in (uninterrupted, Training(run, tiny_dataset, 2, STEPS)):
        code, error = training.ended()
        assert code == 0, error
    assert ended_alike(run, whole)


def test_ranks_that_were_started_with_different_commands(tiny_dataset: Path, tmp_path: Path) -> None:
    """Ranks started as `srun` may start them, by environment variables; rank 0 reports the error and no rank hangs."""
    command = [sys.executable, "-m", "iebench", "train", "--data", tiny_dataset, "--out", tmp_path]
    where = {**os.environ, "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    ranks = [
        subprocess.Popen(
            [*command, "--device", "cpu", "--name", "run", "--set", f"batch={batch}"],
            env={**where, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stderr=subprocess.PIPE,
        )
        for rank, batch in enumerate((8, 16))
    ]
    (first, message), (second, other) = map(finish, ranks)
    assert first == 1 and second == 1 and not other
    assert "rank 1 was started with other settings than rank 0 (batch: 8 there, 16 here)" in message
    assert not (tmp_path / "run" / CONFIG).exists()


def test_a_rank_that_does_not_end_after_the_work_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(launch, "LAST", 0.5)
    before = set(descendants(os.getpid()))  # such as Blender's process, which other tests share
    assert run_ranks(2, end_one_by_one, tmp_path) == [0, 1]
    assert "rank 1 did not end within 0 s after the work; saved files are complete" in capsys.readouterr().err
    left = set(descendants(os.getpid())) - before
    assert not [child for child in left if "spawn_main" in command(child) and alive(child)]
