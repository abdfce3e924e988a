"""Ranks, and trainings that tests kill, forked from one process that has imported PyTorch: a start costs no import.

`tests/by_hand/killed_training.py` starts the same trainings as programs of their own.
"""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import train_target
from observe import alive, children, command

from iebench.benchmark.commands import launch
from iebench.manifests.shell.cli import guarded

SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(
    ["iebench.benchmark.commands.launch", "iebench.baselines.methods.sie", "torch._dynamo", "torch.utils.tensorboard"]
)


@contextmanager
def forked_ranks() -> Iterator[None]:
    """Let `launch` fork its ranks from that process; otherwise each starts an interpreter of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(launch, "multiprocessing", SimpleNamespace(get_context=lambda method: SERVER))
        yield


class Training:
    """A training in a process of its own, with one thread per rank; its standard error goes to the file RUN.stderr."""

    def __init__(self, run: Path, data: Path, ranks: int, steps: int) -> None:
        self._errors = run.with_suffix(".stderr")
        self._process = SERVER.Process(target=_trained, args=(self._errors, run, data, ranks, steps))
        self._process.start()

    @property
    def pid(self) -> int:
        """Number of the process."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        """True until the process has ended."""
        return self._process.exitcode is None

    def send(self, number: int) -> None:
        """Send a signal to the process."""
        os.kill(self.pid, number)

    def ended(self) -> tuple[int, str]:
        """Wait for the end; return the exit code and the standard error."""
        self._process.join(600)
        assert self._process.exitcode is not None, "it does not end"
        return self._process.exitcode, self._errors.read_text()

    def ranks(self) -> list[int]:
        """Return the process numbers of its ranks."""
        return sorted(rank for rank in children(self.pid) if alive(rank) and "resource_tracker" not in command(rank))


def _trained(errors: Path, *arguments: Any) -> None:
    os.setsid()  # a signal to the tests' group does not reach it
    os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
    for number in (signal.SIGINT, signal.SIGUSR1):
        signal.signal(number, signal.SIG_DFL)
    launch.multiprocessing = SimpleNamespace(get_context=lambda method: multiprocessing.get_context("fork"))
    guarded(lambda: train_target.work(*arguments))
