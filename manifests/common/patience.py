"""Waits at the end of the work for what should end at once and might not: a service, a connection, a thread."""

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait

PATIENCE = 30.0  # seconds

_left: list[threading.Thread] = []  # those that went on after their wait was over


def ends(work: Callable[[], object], seconds: float) -> bool:
    """Do some work in a thread of its own; False if it has not ended after so many seconds, and is left to itself.

    A process that has left a thread ends by `end_now`: Python's own end, or that of a library, might wait for it.

    >>> ends(lambda: None, 1)
    True

    Raises
    ------
    Exception : what the work raises.
    """
    result: Future[None] = Future()

    def run() -> None:
        try:
            work()
        except BaseException as error:  # whatever it is, it belongs to the thread that waits
            result.set_exception(error)
        else:
            result.set_result(None)

    thread = threading.Thread(target=run, name="ending", daemon=True)
    thread.start()
    wait([result], seconds)
    if not result.done():
        _left.append(thread)
        return False
    result.result()
    return True


def joins(thread: threading.Thread, seconds: float) -> bool:
    """Wait for a daemon thread; False if it has not ended after so many seconds, and is left to itself."""
    thread.join(seconds)
    if thread.is_alive():
        _left.append(thread)
    return not thread.is_alive()


def end_now(code: object) -> None:
    """End this process at once with the exit code of a SystemExit, if a thread was left; else do nothing."""
    if any(thread.is_alive() for thread in _left):
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code if isinstance(code, int) else int(code is not None))
