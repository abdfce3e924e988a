"""Temporary files of a run, in one folder that is removed with the run, or by the next run if this one was killed."""

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .private import open_own, private_folder

PREFIX = "run-"
HELD = "held"  # file that is locked while the run lives; the system releases the lock however the run ends
MARK = b"temporary files of an iebench run; removed with it\n"  # content of HELD; other folders are never removed


@contextmanager
def scratch() -> Iterator[Path]:
    """Make a folder for temporary files; folders left by killed runs of this user are removed first.

    Raises
    ------
    UsageError : see `private_folder`.
    """
    parent = private_folder()
    for folder in parent.glob(f"{PREFIX}*"):
        _remove_if_left(folder)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    with open_own(folder / HELD) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(MARK)  # from now on another run may remove the folder, but not while it is locked
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _remove_if_left(folder: Path) -> None:
    """Remove a folder with our mark unless its run is alive. `rmtree` does not remove the targets of links."""
    with suppress(OSError), open_own(folder / HELD, flags=0) as file:  # fails if removed, in use or of another user
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if file.read(len(MARK) + 1) == MARK:
            shutil.rmtree(folder, ignore_errors=True)
