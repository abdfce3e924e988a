"""Stopping in good order: Ctrl-C, SIGTERM and SIGUSR1 set a flag that the loop looks at after each step.

Before and after the loop Ctrl-C interrupts as usual, and the other two set the flag all the same. Slurm sends SIGTERM
when it takes a job away, and whatever `sbatch --signal` says some time before a job's end.
"""

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from ..errors import Requeue, Stopped

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
QUEUES = (signal.SIGTERM, signal.SIGUSR1)  # those that a queue sends


class Stop:
    """Whether to stop: the number of the signal that asked for it, 0 before one does."""

    number = 0

    def is_set(self) -> bool:
        """Whether one did."""
        return self.number != 0


_active: list[Stop] = []  # the one that signals set, while there is one


@contextmanager
def stop_requested(signals: Sequence[signal.Signals] = SIGNALS) -> Iterator[Stop]:
    """What the first of some signals sets: SIGINT, SIGTERM and SIGUSR1. Within another, the same one.

    A second SIGINT acts as usual. The others may come several times, to a process and from the one that started it,
    and only wait for the end. Outside the main thread, where Python cannot watch signals, nothing is ever set.
    """
    if threading.current_thread() is not threading.main_thread():
        yield Stop()
        return
    stop = _active[-1] if _active else Stop()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, *signals)}

    def handle(number: int, frame: FrameType | None) -> None:
        stop.number = stop.number or number
        signal.signal(signal.SIGINT, before[signal.SIGINT])

    _active.append(stop)
    for number in signals:
        signal.signal(number, handle)
    try:
        yield stop
    finally:
        _active.pop()
        for number, handler in before.items():
            signal.signal(number, handler)


def stopped(number: int, step: int, steps: int | None) -> Stopped:
    """The error that ends a run which a signal asked to stop, with the exit code that belongs to it.

    step : steps done in all; steps : how many there will be, None if none was done since the start
    """
    kind = Stopped if number == signal.SIGINT else Requeue
    first = "next" if step else "first"
    done = f"before the {first} step" if steps is None else f"after step {step} of {steps} and saved"
    return kind(f"stopped {done}: the same command with --resume goes on")
