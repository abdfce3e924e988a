"""The JPEGs inside a split's tar files, read by offset and checked by their SHA-256."""

import hashlib
import os
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

from .errors import DatasetError

BLOCK = 512  # bytes; a tar is whole blocks and ends in two of zeros
MEND = "restore it, or delete it with its Parquet and render the dataset again"


class Tars:
    """The tar files of a split, held open, and where each row's JPEG lies in them.

    paths : the tars, in order
    shard : (N,) index into `paths` for each row; offset, size : (N,) bytes; sha256 : (N,) hexadecimal strings
    resolution : side of the stored images
    order : how the files store a pixel; "BGR" files come out as RGB
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
        self.paths, self.shard, self.offset, self.size, self.sha256 = paths, shard, offset, size, sha256
        self.order = order
        self.scales = {-(-resolution * eighths // 8) for eighths in range(1, 9)}  # sizes that JPEG decodes to directly
        self._files: list[int] = []
        weakref.finalize(self, _close, self._files)
        for path in paths:
            try:
                self._files.append(os.open(path, os.O_RDONLY))
            except OSError as error:
                raise _unreadable(path, error) from error

    def jpeg(self, row: int) -> bytes:
        """The bytes of a row's JPEG.

        Raises
        ------
        DatasetError : they cannot be read, or are not those that were written.
        """
        shard = int(self.shard[row])
        try:
            content = os.pread(self._files[shard], int(self.size[row]), int(self.offset[row]))
        except OSError as error:
            raise _unreadable(self.paths[shard], error) from error
        if hashlib.sha256(content).hexdigest() != self.sha256[row].as_py():
            raise self._damaged(row, "does not have the SHA-256 in its Parquet")
        return content

    def decode(self, rows: NDArray[np.int64], out: NDArray[np.uint8], places: NDArray[np.int64]) -> None:
        """Decode `rows` into out[places], where out is (n, size, size, 3) uint8."""
        size = out.shape[1]
        direct = size in self.scales
        for row, place in zip(rows.tolist(), places.tolist(), strict=True):
            jpeg = self.jpeg(row)
            try:
                buffer = out[place] if direct else None
                image = simplejpeg.decode_jpeg(jpeg, self.order, min_height=size, min_width=size, buffer=buffer)
            except ValueError as error:
                raise self._damaged(row, f"does not decode ({error})") from error
            if not direct:
                out[place] = np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BILINEAR))

    def _damaged(self, row: int, what: str) -> DatasetError:
        path = self.paths[int(self.shard[row])]
        return DatasetError(f"{path} is damaged: the image at byte {self.offset[row]} {what}; {MEND}")


def check_tar(path: Path, table: pa.Table) -> None:
    """See that a tar is there, ends as tars end, and reaches beyond every image in its Parquet.

    table : the rows of its Parquet

    Raises
    ------
    DatasetError : it is or does not.
    """
    if not path.is_file():
        raise DatasetError(f"{path} is missing: {MEND}")
    length = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(length - 2 * BLOCK, 0))
        if length % BLOCK or file.read() != bytes(2 * BLOCK):
            raise DatasetError(f"{path} is truncated or damaged (no end-of-archive mark): {MEND}")
    if not table.num_rows:
        return
    first, last = pc.min(table["offset"]).as_py(), pc.max(pc.add(table["offset"], table["size"])).as_py()
    if first < BLOCK or pc.min(table["size"]).as_py() < 1 or last > length - 2 * BLOCK:
        raise DatasetError(f"{path.with_suffix('.parquet')} points outside {path.name}: {MEND}")


def _unreadable(path: Path, error: OSError) -> DatasetError:
    return DatasetError(f"cannot read {path} ({error.strerror}): {MEND}")


def _close(files: list[int]) -> None:
    for file in files:
        os.close(file)
