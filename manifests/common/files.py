"""Atomic writing: files are either complete or absent."""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import IO

from ..errors import DiskError
from .causes import LIMITS, reason

PARTIAL = ".partial"  # suffix of a file being written; safe to delete when no iebench runs
ODD = {
    errno.ELOOP: "it is a symbolic link, and iebench does not write through symbolic links: remove the link",
    errno.ENXIO: "it is not a regular file: remove it",
}
"""Fault and remedy, by error number, if a link or a special file has the name of a file that iebench writes."""


@contextmanager
def atomic(path: Path) -> Iterator[IO[bytes]]:
    """Write `path` so that it appears complete or not at all.

    The bytes go to a file in the same folder whose name ends in ".partial", are flushed to disk, then the file is
    renamed. Each writer has a temporary name of its own, so if two processes write the same path, perhaps on two
    machines, the file renamed last remains, complete.

    Raises
    ------
    DiskError : no space, no permission or a similar cause; the partial file is removed.
    """
    partial = path.with_name(f"{path.name}.{token_hex(4)}{PARTIAL}")
    try:
        partial.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException as error:
        _remove(partial)
        if isinstance(error, OSError):
            raise disk_error(path, error) from error
        raise


def write_atomic(path: Path, content: bytes | str) -> None:
    """Write bytes or UTF-8 text to `path`, complete or not at all (see `atomic`).

    Text may contain file names that are not valid UTF-8: their invalid bytes are escaped.
    """
    with atomic(path) as file:
        file.write(content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content)


def save_atomic(path: Path, save: Callable[[Path], object]) -> None:
    """Let a library write `path` under a temporary name with the same suffix, then rename it."""
    partial = path.with_name(f"{PARTIAL}-{token_hex(4)}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save(partial)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise disk_error(path, error) from error
    finally:
        _remove(partial)


def opened(path: Path, flags: int) -> int:
    """Open a regular file whose name iebench chose: no symbolic link is followed, and no pipe is waited for.

    returns : descriptor of a regular file

    Raises
    ------
    OSError : the file cannot be opened, is a symbolic link, or is not a regular file; see `disk_error`.
    """
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o644)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.ENXIO, os.strerror(errno.ENXIO), str(path))
    return descriptor


def own_folder(folder: Path) -> None:
    """Make a folder with a name that iebench chose, inside one that the user gave.

    Raises
    ------
    DiskError : it cannot be made, or is a symbolic link, whose target may be anything.
    """
    with on_disk(folder):
        if folder.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(folder))
        folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def on_disk(path: Path) -> Iterator[None]:
    """Turn an OSError raised while writing `path` into a DiskError."""
    try:
        yield
    except OSError as error:
        raise disk_error(path, error) from error


def _remove(partial: Path) -> None:
    with suppress(OSError):  # the folder itself may be the problem; the original error says so
        partial.unlink(missing_ok=True)


def disk_error(path: Path, error: OSError) -> DiskError:
    """Return the error for a file that could not be written, with a remedy."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskError(
            f"no space left to write {path}: free some and run the same command again (train with --resume); it "
            "continues"
        )
    if error.errno in (errno.ENOTDIR, errno.EEXIST) and (file := _file_above(path)):
        return DiskError(f"cannot write {path}: {file} is a file, not a folder; choose another folder")
    if error.errno in ODD:
        return DiskError(f"cannot write {path}: {ODD[error.errno]}")
    remedy = LIMITS.get(error.errno or 0, "choose another folder or mend this one")
    return DiskError(f"cannot write {path}: {reason(error, 'the system gives no reason')}; {remedy}")


def _file_above(path: Path) -> Path | None:
    """Return the file that stands where a folder of `path` should be; None if there is none."""
    return next((parent for parent in path.parents if parent.is_file()), None)
