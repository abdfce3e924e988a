"""One run at a time in a dataset folder."""

import errno
import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from iebench.manifests.common.files import disk_error

from .errors import OutputError

LOCK = ".lock"
UNSUPPORTED = (errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK, errno.EINVAL)  # what file systems without locks answer


def holder() -> str:
    """Who this process is, for whoever finds the lock."""
    return json.dumps({"pid": os.getpid(), "host": socket.gethostname()})


def in_use(place: str, held: str) -> OutputError:
    """The sentence for the run that comes second; `held` is what `holder` of the first one says."""
    try:
        who = json.loads(held)
        name = f"process {who['pid']} on {who['host']}"
    except (ValueError, KeyError, TypeError):
        name = "another process"
    return OutputError(f"{place} is being written by {name}: wait until it ends, stop it, or choose another output")


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold `folder` for this process, making it if need be; the system frees it however this process ends.

    Where a file system knows no locks, nothing is held.

    Raises
    ------
    OutputError : another process holds it.
    DiskError : the folder cannot be written.
    """
    path = folder / LOCK
    with _acquired(path) as file:
        file.truncate()
        file.write(holder())
        file.flush()
        try:
            yield
        finally:
            with suppress(OSError):  # on a disk that just failed, the error that led here matters more
                path.unlink()


def _acquired(path: Path) -> IO[str]:
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o644), "r+")
        except OSError as error:
            raise disk_error(path, error) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            held = file.read()
            if error.errno not in UNSUPPORTED:
                file.close()
                raise in_use(str(path.parent), held) from error
        if _same(file.fileno(), path):
            return file
        file.close()  # its last holder removed it on leaving, after it was opened here


def _same(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False
