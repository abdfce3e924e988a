"""Limits on a mesh; an object beyond a limit fails with the number and the limit in its cause.

They keep a worker below a few GB of memory. Counts are read from headers and plain text scans, before anything is
parsed or unpacked.
"""

from pathlib import Path

from ...errors import AssetError

FACES = 5_000_000
VERTICES = 15_000_000
FILE_BYTES = 2_000_000_000  # of a mesh file, of a buffer, and of all files extracted from an archive for one object
TEXT_BYTES = 64_000_000  # of a material library
MEMBERS = 10_000  # files of one object in an archive
RATIO = 500  # largest ratio of unpacked to packed bytes, for files of more than RATIO_FROM bytes
RATIO_FROM = 10_000_000
IMAGE_PIXELS = 1 << 27  # one texture: 16384 x 8192
ALL_PIXELS = 1 << 29  # all textures of an object: 2 GB of memory


def check(name: str, noun: str, count: int, limit: int) -> None:
    """Refuse an object that has too many of something.

    Raises
    ------
    AssetError : `count` is above `limit`.
    """
    if count > limit:
        raise AssetError(f"{name} has {count:,} {noun}, over the limit of {limit:,}")


def check_size(name: str, path: Path, limit: int = FILE_BYTES) -> int:
    """Return the size of a file in bytes; refuse it if it is over the limit."""
    size = path.stat().st_size
    check(name, "bytes", size, limit)
    return size
