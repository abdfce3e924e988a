"""Temporary files of a run: in one folder that goes with the run, or with the next one if the run was killed."""

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .private import open_own, private_folder

PREFIX = "run-"
HELD = "held"  # locked while the run lives; the system frees the lock however the run ends
MARK = b"temporary files of an iebench run; removed with it\n"  # a folder without it is nobody's to remove


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for temporary files; folders that killed runs of this user left beside it are removed first.

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
        file.write(MARK)  # only now another run could take the folder for one that was left, and it is locked
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _remove_if_left(folder: Path) -> None:
    """Remove a folder that holds our mark, unless its run lives. Never a link, nor what a link leads to."""
    if folder.is_symlink():
        return
    with suppress(OSError), open_own(folder / HELD, flags=0) as file:  # just removed, in use, or not ours
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if file.read(len(MARK) + 1) == MARK:
            shutil.rmtree(folder, ignore_errors=True)
