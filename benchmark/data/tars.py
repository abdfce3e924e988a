"""The images in a split's tar files: read by offset, checked by SHA-256; JPEGs are decoded by libjpeg-turbo."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

from iebench.manifests.common.causes import read_failure
from iebench.manifests.common.handles import Files
from iebench.manifests.common.placeholders import placeholder

from ..errors import DatasetError

TAR_BLOCK = 512  # bytes; a tar consists of blocks and ends with two blocks of zeros
MEND = "restore it, or delete it with its Parquet and render the dataset again"


class Tars:
    """The tar files of a split, and the position of each row's JPEG in them.

    paths : the tars, in order
    shard : (N,) index into `paths` for each row; offset, size : (N,) bytes; sha256 : (N,) hexadecimal strings
    resolution : side of the stored images
    order : channel order of the files; images of "BGR" files are returned as RGB

    An image's SHA-256 is checked on its first read only: a hash costs some 3 to 15 % of a decoding, and bytes that
    change during a run are rare and seldom still a valid JPEG.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        shard: NDArray[np.int64],
        offset: NDArray[np.int64],
        size: NDArray[np.int64],
        sha256: pa.ChunkedArray,
        resolution: int,
        order: Literal["RGB", "BGR"],
    ) -> None:
        self.paths, self.shard, self.offset, self.size, self.order = paths, shard, offset, size, order
        self._digests = _bytes(sha256)
        self._checked = bytearray(len(shard))
        self.scales = {-(-resolution * eighths // 8) for eighths in range(1, 9)}  # sizes that JPEG decodes to directly
        self._files = Files(paths)

    def decode(self, rows: NDArray[np.int64], out: NDArray[np.uint8]) -> None:
        """Decode `rows` into `out`, which is (len(rows), size, size, 3) uint8.

        Raises
        ------
        DatasetError : bytes that cannot be read, have another SHA-256, or are not a JPEG.
        """
        side = out.shape[1]
        direct = side in self.scales
        for position, (row, jpeg) in enumerate(zip(rows.tolist(), self.members(rows), strict=True)):
            try:
                buffer = out[position] if direct else None
                image = simplejpeg.decode_jpeg(jpeg, self.order, min_height=side, min_width=side, buffer=buffer)
            except ValueError as error:
                raise self._damaged(row, "does not decode") from error
            if not direct:
                out[position] = np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BILINEAR))

    def members(self, rows: NDArray[np.int64]) -> Iterator[bytes]:
        """Yield the bytes of the images of some rows, as they are stored.

        Raises
        ------
        DatasetError : bytes that cannot be read or have another SHA-256.
        """
        columns = (rows, self.shard[rows], self.offset[rows], self.size[rows])
        for row, shard, offset, size in zip(*(column.tolist() for column in columns), strict=True):
            try:
                content = self._files.read(shard, size, offset)
            except OSError as error:
                raise DatasetError(read_failure(self.paths[shard], error, MEND)) from error
            if not self._checked[row]:
                if hashlib.sha256(content).hexdigest().encode() != self._digests[64 * row : 64 * row + 64]:
                    raise self._damaged(row, "does not have the SHA-256 in its Parquet")
                self._checked[row] = 1
            yield content

    def _damaged(self, row: int, clause: str) -> DatasetError:
        path = self.paths[int(self.shard[row])]
        return DatasetError(f"{path} is damaged: the image at byte {self.offset[row]} {clause}; {MEND}")


def check_tar(path: Path, table: pa.Table) -> None:
    """Check that a tar exists, has an end-of-archive mark, and contains every image of its Parquet table.

    table : the rows of its Parquet file

    Raises
    ------
    DatasetError : one of these does not hold.
    """
    try:
        with path.open("rb") as file:
            length = os.fstat(file.fileno()).st_size
            file.seek(max(length - 2 * TAR_BLOCK, 0))
            end = file.read()
    except OSError as error:
        raise DatasetError(read_failure(path, error, MEND)) from error
    if length % TAR_BLOCK or end != bytes(2 * TAR_BLOCK):
        why = placeholder(path) or f"is truncated or damaged (no end-of-archive mark): {MEND}"
        raise DatasetError(f"{path} {why}")
    if not table.num_rows:
        return
    first, last = pc.min(table["offset"]).as_py(), pc.max(pc.add(table["offset"], table["size"])).as_py()
    if first < TAR_BLOCK or pc.min(table["size"]).as_py() < 1 or last > length - 2 * TAR_BLOCK:
        raise DatasetError(f"{path.with_suffix('.parquet')} points outside {path.name}: {MEND}")


def _bytes(sha256: pa.ChunkedArray) -> memoryview:
    """Return the hexadecimal digests one after another, 64 bytes each."""
    columns = [chunk.cast(pa.binary()).cast(pa.binary(64)) for chunk in sha256.chunks]
    parts = [np.frombuffer(c.buffers()[1], np.uint8)[64 * c.offset : 64 * (c.offset + len(c))] for c in columns]
    return memoryview(np.concatenate([*parts, np.empty(0, np.uint8)]))
