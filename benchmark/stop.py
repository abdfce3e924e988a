"""Stopping in good order: Ctrl-C, SIGTERM and SIGUSR1 set a flag that the loop looks at after each step.

Slurm sends SIGTERM when it takes a job away, and whatever `sbatch --signal` says some time before a job's end.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from .errors import Requeue, Stopped

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)


class Stop:
    """Whether to stop: the number of the signal that asked for it, 0 before one does."""

    number = 0

    def is_set(self) -> bool:
        """Whether one did."""
        return self.number != 0


@contextmanager
def stop_requested() -> Iterator[Stop]:
    """What the first of SIGINT, SIGTERM and SIGUSR1 sets.

    A second SIGINT acts as usual. The others may come several times, to a process and from the one that started it,
    and only wait for the end. Outside the main thread, where Python cannot watch signals, nothing is ever set.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def handle(number: int, frame: FrameType | None) -> None:
        stop.number = stop.number or number
        signal.signal(signal.SIGINT, before[signal.SIGINT])

    for number in SIGNALS:
        signal.signal(number, handle)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def stopped(number: int, step: int, steps: int | None) -> Stopped:
    """The error that ends a run which a signal asked to stop, with the exit code that belongs to it.

    step : steps done in all; steps : how many there will be, None if the run had not begun to count
    """
    kind = Stopped if number == signal.SIGINT else Requeue
    done = "before the first step" if steps is None else f"after step {step} of {steps} and saved"
    return kind(f"stopped {done}: the same command with --resume goes on")
