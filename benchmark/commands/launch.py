"""Starts ranks on this machine: `iebench train --gpus 2`."""

import math
import multiprocessing
import os
import signal
import socket
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType

from iebench.manifests.common.patience import PATIENCE
from iebench.manifests.common.processes import end_with_parent
from iebench.manifests.common.progress import say
from iebench.manifests.shell.cli import guarded

from ..data.pixel_cache import Cache
from ..distributed.ranks import joined
from ..distributed.signals import SIGNALS, stopped
from ..errors import RankFailed
from ..training.config import RunConfig
from ..training.train import train

GRACE = 5.0  # seconds for ranks to end by themselves after one has failed
LAST = PATIENCE + 2 * GRACE  # seconds for ranks to end after one has finished its work


def launch(count: int, work: Callable[..., object], *arguments: object) -> None:
    """Call work(*arguments) in `count` processes of this machine, which `distributed.joined` connects.

    A signal to stop is passed on to all of them. If one fails, the others are ended; none outlives this process. They
    must end together: a process that finishes waits for the others' work by a call of `Ranks`.

    work : function of a module; arguments : objects that can be pickled

    Raises
    ------
    SystemExit : a process failed, with its exit code; it has printed its error.
    Stopped : a signal arrived before the ranks had started.
    RankFailed : a process was killed.
    """
    context = multiprocessing.get_context("spawn")
    port = _free_port()
    processes = [
        context.Process(target=_rank, args=(rank, count, port, work, arguments), name=f"rank {rank}")
        for rank in range(count)
    ]

    signals: list[int] = []

    def forward(number: int, frame: FrameType | None) -> None:
        signals.append(number)
        for process in processes:
            if process.pid is not None and process.is_alive():
                os.kill(process.pid, number)

    before = {number: signal.signal(number, forward) for number in SIGNALS}
    try:
        for process in processes:
            process.start()
        failed = _first_failure(processes)
    finally:
        for process in processes:
            if process.is_alive():
                process.kill()
                process.join(GRACE)
        for number, handler in before.items():
            signal.signal(number, handler)
    if failed is not None:
        raise _error(failed.name, failed.exitcode or 0, signals)


def train_as_rank(run: Path, config: RunConfig, resume: bool, cache: Cache) -> None:
    """Call `train.train` in a process that `launch` started."""
    with joined(config.device) as ranks:
        train(run, config, resume, cache, ranks)


def _first_failure(processes: Sequence[BaseProcess]) -> BaseProcess | None:
    """Wait until all processes have ended, or one has failed; returns the failed one.

    After the first process has ended, the others have LAST seconds to end.
    """
    running, until = list(processes), math.inf
    while running:
        left = until - time.monotonic()
        wait([process.sentinel for process in running], None if left == math.inf else max(0.0, left))
        ended = [process for process in running if process.exitcode is not None]
        if not ended and time.monotonic() < until:
            continue  # a process closes its sentinel a moment before it has an exit code
        if not ended:  # their work is done: the first process would not have ended without it
            names = " and ".join(process.name for process in running)
            say(f"iebench: {names} did not end within {LAST:.0f} s after the work; saved files are complete")
            return None
        until = min(until, time.monotonic() + LAST)
        running = [process for process in running if process not in ended]
        for process in sorted(ended, key=lambda process: process.exitcode or 0):  # killed ones first
            if process.exitcode:
                for other in running:  # others that fail for the same reason print it, or end, by themselves
                    other.join(GRACE)
                return process
    return None


def _error(name: str, code: int, signals: Sequence[int]) -> BaseException:
    if code > 0:
        return SystemExit(code)
    if signals:  # before the rank could handle the signal
        return stopped(signals[0], 0, None)
    reason = f"{name} was ended by {signal.Signals(-code).name}, perhaps for lack of memory"
    return RankFailed(f"{reason}: the same command with --resume continues from the last checkpoint", 1)


def _rank(rank: int, size: int, port: int, work: Callable[..., object], arguments: tuple[object, ...]) -> None:
    os.setpgrp()  # Ctrl-C on a terminal then reaches only the parent, which passes it on once
    end_with_parent()
    sizes = {"WORLD_SIZE": size, "LOCAL_WORLD_SIZE": size}
    variables = {"RANK": rank, "LOCAL_RANK": rank, **sizes, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    os.environ.update({name: str(value) for name, value in variables.items()})
    guarded(lambda: work(*arguments) and None)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
