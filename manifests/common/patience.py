"""Time limits for steps at the end of a run that may hang: a service, a connection, a thread."""

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait

PATIENCE = 30.0  # seconds

_left: list[threading.Thread] = []  # threads that still ran when their wait was over


def ends(work: Callable[[], object], seconds: float) -> bool:
    """Run `work` in a thread of its own; False if it has not ended after `seconds`, and the thread is left running.

    A process with such a thread must end by `end_now`: a normal exit of Python or of a library might wait for it.

    >>> ends(lambda: None, 1)
    True

    Raises
    ------
    Exception : any exception raised by `work`.
    """
    result: Future[None] = Future()

    def run() -> None:
        try:
            work()
        except BaseException as error:  # of any kind: it is raised again in the waiting thread
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
    """Wait for a daemon thread; False if it has not ended after `seconds`, and it is left running."""
    thread.join(seconds)
    if thread.is_alive():
        _left.append(thread)
    return not thread.is_alive()


def end_now(code: object) -> None:
    """End this process at once with the exit code of a SystemExit if a thread still runs; otherwise do nothing."""
    if any(thread.is_alive() for thread in _left):
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code if isinstance(code, int) else int(code is not None))
