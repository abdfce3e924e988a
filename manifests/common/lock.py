"""Files that one process holds at a time; the system frees them however it ends."""

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
from .files import disk_error

UNSUPPORTED = (errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK, errno.EINVAL)  # what file systems without locks answer


def holder() -> str:
    """Who this process is, for whoever finds the lock."""
    return json.dumps({"pid": os.getpid(), "host": socket.gethostname()})


def named(held: str) -> str:
    """Who a holder is in a sentence, given what its `holder` wrote.

    >>> named('{"pid": 7, "host": "pc"}'), named("")
    ('process 7 on pc', 'another process')
    """
    try:
        who = json.loads(held)
        return f"process {who['pid']} on {who['host']}"
    except (ValueError, KeyError, TypeError):
        return "another process"


def is_held(path: Path) -> bool:
    """True if another process, or another open file of this one, holds the file `path` now."""
    try:
        file = path.open()
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
    """Hold the file `path` for this process, making its folder if need be; it is removed on leaving.

    Where a file system knows no locks, nothing is held.

    in_use : the error to raise where another process holds it, given what that one's `holder` wrote

    Raises
    ------
    IebenchError : that one.
    DiskError : the folder cannot be written.
    """
    with _acquired(path, in_use) as file:
        with suppress(OSError):  # a full disk: what matters is the lock, and what cannot be written will say so
            os.ftruncate(file.fileno(), 0)
            os.write(file.fileno(), holder().encode())
        try:
            yield
        finally:
            with suppress(OSError):  # on a disk that just failed, the error that led here matters more
                path.unlink()


def _acquired(path: Path, in_use: Callable[[str], IebenchError]) -> IO[str]:
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
                raise in_use(held) from error
        if _same(file.fileno(), path):
            return file
        file.close()  # its last holder removed it on leaving, after it was opened here


def _same(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False
