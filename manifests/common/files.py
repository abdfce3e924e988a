"""Atomic writing: files are either complete or absent."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import IO

from ..errors import DiskError
from .causes import LIMITS, reason

PARTIAL = ".partial"  # suffix of a file being written; safe to delete when no iebench runs


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
            f"no space left to write {path}: free some and run the same command again (train with --resume), it goes on"
        )
    remedy = LIMITS.get(error.errno or 0, "choose another folder or mend this one")
    return DiskError(f"cannot write {path}: {reason(error, 'the system gives no reason')}; {remedy}")
