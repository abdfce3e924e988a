"""Processes that must not outlive the one that started them."""

import ctypes
import os
import signal
import sys
import threading
from multiprocessing import parent_process

PR_SET_PDEATHSIG = 1  # Linux: the signal that this process gets when its parent ends


def end_with_parent() -> None:
    """Make this process end when its parent does, however that ends: SIGKILL included, in the middle of long work."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = parent_process()
    if parent is None:
        return
    if not parent.is_alive():  # it ended before the line above
        os._exit(1)

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()  # where there is no such signal
