"""What a mesh may ask of the machine; beyond it the object fails with the number and the limit in its cause.

A worker that keeps to these stays below a few GB. Counts are taken from headers and plain text scans, before anything
is parsed or unpacked.
"""

from pathlib import Path

from ...errors import AssetError

FACES = 5_000_000
VERTICES = 15_000_000
FILE_BYTES = 2_000_000_000  # of a mesh file, of a buffer, and of everything taken out of an archive for one object
TEXT_BYTES = 64_000_000  # of a material library
MEMBERS = 10_000  # files of one object in an archive
RATIO = 500  # bytes out of an archive for a byte in it, from RATIO_FROM bytes up
RATIO_FROM = 10_000_000
IMAGE_PIXELS = 1 << 27  # one texture: 16384 x 8192
ALL_PIXELS = 1 << 29  # all textures of an object: 2 GB in memory


def check(name: str, what: str, count: int, limit: int) -> None:
    """Refuse an object that has too much of something.

    Raises
    ------
    AssetError : `count` is above `limit`.
    """
    if count > limit:
        raise AssetError(f"{name} has {count:,} {what}, over the limit of {limit:,}")


def check_size(name: str, path: Path, limit: int = FILE_BYTES) -> int:
    """The size of a file in bytes; see `check`."""
    size = path.stat().st_size
    check(name, "bytes", size, limit)
    return size
