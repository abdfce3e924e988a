"""Lock files that one process holds at a time; the system releases them however the process ends."""

import errno
import fcntl
import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from ..errors import IebenchError
from .files import disk_error, opened

UNSUPPORTED = (errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK, errno.EINVAL)  # errors of file systems without locks


def holder() -> str:
    """Return a description of this process as JSON, written into the lock file."""
    return json.dumps({"pid": os.getpid(), "host": socket.gethostname()})


def named(held: str) -> str:
    """Return the name of a lock's holder for a sentence, from the text written by its `holder`.

    >>> named('{"pid": 7, "host": "pc"}'), named("")
    ('process 7 on pc', 'another process')
    """
    try:
        process = json.loads(held)
        return f"process {process['pid']} on {process['host']}"
    except (ValueError, KeyError, TypeError):
        return "another process"


def is_held(path: Path) -> bool:
    """True if another process, or another open file of this process, holds the lock file `path` now."""
    try:
        file = os.fdopen(opened(path, os.O_RDONLY))
    except OSError:
        return False
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:
            return error.errno not in UNSUPPORTED
    return False


@contextmanager
def locked(path: Path, in_use: Callable[[str], IebenchError]) -> Iterator[None]:
    """Hold the lock file `path` for this process; its folder is made if necessary, and the file is removed on leaving.

    On a file system without locks, nothing is held.

    in_use : builds the error for a lock that another process holds, from the text of that process's `holder`

    Raises
    ------
    IebenchError : the error built by `in_use`.
    DiskError : the folder cannot be written.
    """
    with _acquired(path, in_use) as file:
        with suppress(OSError):  # on a full disk the lock still works; later writes report the error
            os.ftruncate(file.fileno(), 0)
            os.write(file.fileno(), holder().encode())
        try:
            yield
        finally:
            with suppress(OSError):  # on a failing disk the original error matters more
                path.unlink()


def _acquired(path: Path, in_use: Callable[[str], IebenchError]) -> IO[str]:
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = os.fdopen(opened(path, os.O_RDWR | os.O_CREAT), "r+")
        except OSError as error:
            raise disk_error(path, error) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            held = file.read()
            if error.errno not in UNSUPPORTED:
                file.close()
                raise in_use(held) from error
        if _same(file.fileno(), path):
            return file
        file.close()  # the previous holder removed the file after this process had opened it


def _same(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False
