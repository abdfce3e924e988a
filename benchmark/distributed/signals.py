"""Orderly stop: Ctrl-C, SIGTERM and SIGUSR1 set a flag that the training loop reads after each step.

Before and after the loop, Ctrl-C interrupts as usual; the other two signals always set the flag. Slurm sends SIGTERM
when it ends a job, and before a job's end any signal that `sbatch --signal` chooses.
"""

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from ..errors import Requeue, Stopped

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
QUEUES = (signal.SIGTERM, signal.SIGUSR1)  # signals that a queue sends


class Stop:
    """Flag for a requested stop: the number of the first signal, 0 before any signal."""

    number = 0

    def is_set(self) -> bool:
        """True if a signal has arrived."""
        return self.number != 0


_active: list[Stop] = []  # the flags of the `stop_requested` blocks that are open


@contextmanager
def stop_requested(signals: Sequence[signal.Signals] = SIGNALS) -> Iterator[Stop]:
    """Yield a flag that SIGINT, SIGTERM or SIGUSR1 sets; nested blocks share one flag.

    A second SIGINT acts as usual. The other signals may arrive several times, sent to the process or to its parent, and
    have no further effect. Outside the main thread, where Python cannot handle signals, the flag is never set.
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
    """Return the error for a run that a signal stopped, with the exit code of that signal.

    step : steps done in all; steps : total number of steps, None if none was done since the start
    """
    kind = Stopped if number == signal.SIGINT else Requeue
    first = "next" if step else "first"
    done = f"before the {first} step" if steps is None else f"after step {step} of {steps} and saved"
    return kind(f"stopped {done}: the same command with --resume continues")
