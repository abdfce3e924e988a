"""Temporary files of a run: in one folder that goes with the run, or with the next one if the run was killed."""

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "iebench-"
HELD = "held"  # locked while the run lives; the system frees the lock however the run ends


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for temporary files; folders that killed runs left beside it are removed first."""
    for held in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{HELD}"):
        _remove_if_left(held)
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        with (folder / HELD).open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if not (folder / HELD).exists():  # another run took it for one that was left
                continue
            try:
                yield folder
                return
            finally:
                shutil.rmtree(folder, ignore_errors=True)


def _remove_if_left(held: Path) -> None:
    with suppress(OSError), held.open() as file:  # another user's, just removed, or in use
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(held.parent, ignore_errors=True)
