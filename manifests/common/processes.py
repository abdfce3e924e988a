"""Child processes that must not outlive their parent."""

import ctypes
import os
import signal
import sys
import threading
from multiprocessing import parent_process

PR_SET_PDEATHSIG = 1  # Linux: sets the signal that this process gets when its parent ends


def end_with_parent() -> None:
    """End this process when its parent ends, even if the parent is killed by SIGKILL during long work."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = parent_process()
    if parent is None:
        return
    if not parent.is_alive():  # it ended before prctl was called
        os._exit(1)

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()  # for systems without this signal
