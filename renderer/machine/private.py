"""A folder that only this user can write to, so that no other user can place a file or a link in it."""

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from iebench.manifests.common.files import opened

from ..errors import UsageError


def private_folder() -> Path:
    """Return the folder `iebench-UID`, of mode 0700, in the temporary directory, or else in $XDG_RUNTIME_DIR.

    The temporary directory comes first: a run may need more space than the runtime directory, which is kept in memory.

    Raises
    ------
    UsageError : neither folder can be made, or a file or folder of the same name is not private to this user.
    """
    for folder in _candidates():
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            pass
        except OSError:  # the parent is missing or read-only; try the next candidate
            continue
        if _is_private(folder):
            return folder
    tried = " and ".join(str(folder) for folder in _candidates())
    raise UsageError(
        f"no folder for temporary files: {tried} cannot be made or is not a folder that only you can write to; "
        "set TMPDIR to a folder of your own"
    )


def open_own(path: Path, flags: int = os.O_RDWR | os.O_CREAT) -> IO[bytes]:
    """Open a regular file of this user, unbuffered; never follows a link and never blocks on a pipe.

    Raises
    ------
    OSError : the file cannot be opened, is a link, is not a regular file, or belongs to another user.
    """
    descriptor = opened(path, flags)
    if os.fstat(descriptor).st_uid != os.getuid():
        os.close(descriptor)
        raise PermissionError(f"{path} is not a file of this user")
    return os.fdopen(descriptor, "r+b" if flags & os.O_RDWR else "rb", buffering=0)


def _candidates() -> Iterator[Path]:
    yield Path(tempfile.gettempdir()) / f"iebench-{os.getuid()}"
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        yield Path(runtime) / f"iebench-{os.getuid()}"


def _is_private(folder: Path) -> bool:
    """True if it is a folder (not a link) that this user owns and nobody else can write to."""
    status = folder.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o022
