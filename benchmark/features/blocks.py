"""A feature file in the making: blocks of rows, each there whole or not at all; a killed run goes on with the rest.

Which rows a block has depends on nothing but their number, so that several processes may share them out, and another
number of processes may go on.
"""

import shutil
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from iebench.manifests.common.files import write_atomic
from iebench.manifests.errors import DiskError

ROWS = 4_096  # of a block at most, unless one batch has more: what a kill costs
LEAST = 64  # blocks of a file at least, where it has batches enough: several processes share them evenly


@dataclass(frozen=True)
class Blocks:
    """The blocks of one feature file.

    folder : where they are until the file is whole
    rows, columns : of the file; batch : rows that are encoded together, which a block does not split
    """

    folder: Path
    rows: int
    columns: int
    batch: int

    @property
    def size(self) -> int:
        """Rows of every block but the last."""
        wanted = min(ROWS, -(-self.rows // LEAST))
        return self.batch * max(1, wanted // self.batch)

    @property
    def count(self) -> int:
        """How many blocks there are in all."""
        return -(-self.rows // self.size)

    def span(self, number: int) -> range:
        """The rows of a block."""
        return range(number * self.size, min((number + 1) * self.size, self.rows))

    def has(self, number: int) -> bool:
        """True if a block is there as it was put."""
        return self._read(number) is not None

    def put(self, number: int, features: NDArray[np.float32]) -> None:
        """Keep a block's features, (its rows, columns) float32."""
        content = np.ascontiguousarray(features, "<f4").tobytes()
        write_atomic(self._path(number), content + sha256(content).digest())

    def join(self, path: Path) -> None:
        """Write the file of all blocks.

        Raises
        ------
        DiskError : a block is no longer there, or as it was put.
        """
        head = {"descr": "<f4", "fortran_order": False, "shape": (self.rows, self.columns)}
        with path.open("wb") as file:
            npy.write_array_header_1_0(file, head)  # type: ignore[no-untyped-call]
            for number in range(self.count):
                content = self._read(number)
                if content is None:
                    raise DiskError(f"{self._path(number)} was removed or changed: run the same command again")
                file.write(content)

    def remove(self) -> None:
        """Remove the blocks."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _read(self, number: int) -> bytes | None:
        """A block's bytes; None where it is not there, or not as it was put."""
        path = self._path(number)
        content = path.read_bytes() if path.is_file() else b""
        size = 4 * self.columns * len(self.span(number))
        return content[:size] if content[size:] == sha256(content[:size]).digest() else None

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:06d}.f32"
