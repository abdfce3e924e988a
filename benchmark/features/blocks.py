"""Blocks of a feature file: each block is written atomically, so that a stopped run continues with the missing blocks.

The rows of a block depend on its number alone. Several processes can thus share the blocks, and another number of
processes can continue.
"""

import shutil
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from iebench.manifests.common.files import own_folder, write_atomic
from iebench.manifests.common.space import require
from iebench.manifests.errors import DiskError

ROWS = 4_096  # largest block, unless a batch has more; limits the loss when a process is killed
BYTES = 4  # of a number
REMEDY = "and run the same command again: it continues"
LEAST = 64  # smallest number of blocks if there are enough batches, so that processes get equal shares


@dataclass(frozen=True)
class Blocks:
    """The blocks of one feature file.

    folder : folder of the blocks until the file is complete
    rows, columns : shape of the file; batch : rows that are encoded together and stay in one block
    """

    folder: Path
    rows: int
    columns: int
    batch: int

    @property
    def size(self) -> int:
        """Number of rows of every block but the last."""
        rows = min(ROWS, -(-self.rows // LEAST))
        return self.batch * max(1, rows // self.batch)

    @property
    def count(self) -> int:
        """Number of blocks in all."""
        return -(-self.rows // self.size)

    def span(self, number: int) -> range:
        """Return the rows of a block."""
        return range(number * self.size, min((number + 1) * self.size, self.rows))

    def has(self, number: int) -> bool:
        """True if a block exists and is intact."""
        return self._read(number) is not None

    def check_disk(self) -> None:
        """Check that the disk has room for the missing blocks, and for the file beside all of them.

        Raises
        ------
        DiskError : it has not; names need and free space.
        """
        missing = sum(len(self.span(number)) for number in range(self.count) if not self.has(number))
        need = BYTES * self.columns * (missing + self.rows)
        require(self.folder, need, f"encoding {self.rows:,} views", REMEDY)

    def put(self, number: int, features: NDArray[np.float32]) -> None:
        """Write a block's features, (its rows, columns) float32, with a checksum.

        Raises
        ------
        DiskError : the disk has no room for it, or another write error; earlier blocks stay.
        """
        content = np.ascontiguousarray(features, "<f4").tobytes()
        require(self.folder, len(content), "the next block of features", REMEDY)
        own_folder(self.folder)
        write_atomic(self._path(number), content + sha256(content).digest())

    def join(self, path: Path) -> None:
        """Write the file from all blocks.

        Raises
        ------
        DiskError : a block was removed or changed.
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
        """Return a block's bytes; None if the block is missing or damaged."""
        path = self._path(number)
        content = path.read_bytes() if path.is_file() else b""
        size = BYTES * self.columns * len(self.span(number))
        return content[:size] if content[size:] == sha256(content[:size]).digest() else None

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:06d}.f32"
