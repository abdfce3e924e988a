"""Free space of disks: a command that would fill one refuses to begin, or ends with all that it finished."""

import shutil
from pathlib import Path

from ..errors import DiskError

SPARE = 2**26  # bytes that a command leaves free, for logs and for other programs


def size(count: float) -> str:
    """Format a number of bytes.

    >>> size(512), size(2_500_000), size(3.2e9)
    ('0.5 kB', '2.5 MB', '3.2 GB')
    """
    unit, scale = next((unit for unit in (("GB", 1e9), ("MB", 1e6)) if count >= unit[1]), ("kB", 1e3))
    return f"{count / scale:.1f} {unit}"


def free_bytes(folder: Path) -> int:
    """Return the free bytes of the disk that a folder lies on, or will lie on."""
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return shutil.disk_usage(existing).free


def require(folder: Path, count: int, purpose: str, remedy: str) -> None:
    """Check that a disk has room for `count` bytes under a folder, and SPARE more.

    purpose : what needs them, as a noun; remedy : what else helps, as in "or choose another --out"

    Raises
    ------
    DiskError : it has not; names folder, need, free space and remedy.
    """
    free = free_bytes(folder)
    if free < count + SPARE:
        raise DiskError(
            f"{folder}: {purpose} needs about {size(count)}, and {size(max(0, free - SPARE))} are free, not counting "
            f"{size(SPARE)} that stay free: free some, {remedy}"
        )
