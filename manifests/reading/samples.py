"""Single samples of a finished dataset, by key or by number, without a tar reader."""

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..brief import number as short_number
from ..common.causes import read_failure
from ..common.placeholders import placeholder
from ..dataset import DatasetInfo, read_table
from ..errors import DatasetError, UnknownName
from ..folder.index import rows
from ..recipe import Recipe
from ..schema import OBJECTS, position_columns

AGAIN = "restore it, or render the dataset again"
MEND = "restore it, or delete it with its Parquet and render the dataset again"


@dataclass(frozen=True, eq=False)
class Sample:
    """One view of one object.

    stem : path of the shard inside the dataset, without suffix; row : the view's row in the shard's Parquet
    """

    folder: Path
    stem: str
    row: dict[str, Any]

    @property
    def key(self) -> str:
        return str(self.row["key"])

    @property
    def tar(self) -> str:
        """Path of the sample's tar inside the dataset."""
        return f"{self.stem}.tar"

    def latents(self, recipe: Recipe) -> dict[str, float]:
        """Return the latents by factor name."""
        return {name: self.row[name] for name in recipe.factor_names}

    def read(self, pass_name: str = "") -> bytes:
        """Read the bytes of the JPEG, or of the PNG of one of the passes.

        Raises
        ------
        DatasetError : the bytes cannot be read, or their SHA-256 differs from that in the Parquet.
        """
        offset, size, sha256 = (self.row[column] for column in position_columns(pass_name))
        try:
            with (self.folder / self.tar).open("rb") as file:
                end = file.seek(0, os.SEEK_END)
                file.seek(min(max(offset, 0), end))
                content = file.read(min(max(size, 0), end))  # a damaged Parquet may give more bytes than fit in memory
        except OSError as error:
            raise DatasetError(read_failure(self.folder / self.tar, error, MEND)) from error
        if hashlib.sha256(content).hexdigest() != sha256:
            clause = placeholder(self.folder / self.tar) or f"is damaged: {self.key} has another SHA-256; {MEND}"
            raise DatasetError(f"{self.folder / self.tar} {clause}")
        return content


@dataclass(frozen=True, eq=False)
class Samples:
    """All samples of a dataset, numbered through its shards: train first, each split in order."""

    folder: Path
    info: DatasetInfo

    @cached_property
    def stems(self) -> list[str]:
        """Paths of the shards inside the dataset, without suffix."""
        return self.info.stems()

    @cached_property
    def _ends(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Number of samples up to the end of each shard."""
        counts = [_rows(self.folder / f"{stem}.parquet") for stem in self.stems]
        return np.cumsum(counts, dtype=np.int64)

    @cached_property
    def objects(self) -> list[tuple[dict[str, Any], range]]:
        """Every object with samples: its row of objects.parquet and the numbers of its samples."""
        path = self.folder / "objects.parquet"
        notes = [note for note in read_table(path, OBJECTS).to_pylist() if note["status"] != "failed"]
        if wrong := [note for note in notes if note["views"] is None or note["views"] < 0]:
            raise DatasetError(f"{path} gives {wrong[0]['synset']}/{wrong[0]['object_id']} no number of views: {AGAIN}")
        if (views := sum(note["views"] for note in notes)) > len(self):
            raise DatasetError(f"{path} counts {short_number(views)} views, and the shards hold {len(self):,}: {AGAIN}")
        ends = np.cumsum([0, *(note["views"] for note in notes)]).tolist()  # objects are in the order of the shards
        return [(note, range(*ends[i : i + 2])) for i, note in enumerate(notes)]

    def latents(self) -> dict[str, np.ndarray[Any, np.dtype[np.float64]]]:
        """Return all latents of all samples, by factor name: (n,) float64 each."""
        names = self.info.recipe.factor_names
        tables = [self._latents(self.folder / f"{stem}.parquet", names) for stem in self.stems]
        return {name: np.concatenate([table[name].to_numpy() for table in tables]) for name in names if tables}

    def _latents(self, path: Path, names: list[str]) -> pa.Table:
        table = read_table(path, columns=names)
        for name in names:
            if not pa.types.is_floating(table[name].type):
                raise DatasetError(f"{path}: {name} holds no numbers: {MEND}")
        return table

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def at(self, numbers: Iterable[int]) -> list[Sample]:
        """Return the samples with the given numbers, in the given order; each shard's Parquet is read once.

        Raises
        ------
        DatasetError : a Parquet file is missing or damaged.
        """
        indices = np.asarray(list(numbers), np.int64)
        shards = np.searchsorted(self._ends, indices, "right")
        samples: dict[int, Sample] = {}
        for shard in np.unique(shards).tolist():
            stem = self.stems[shard]
            table = read_table(self.folder / f"{stem}.parquet", rows(self.info.recipe))
            needed = ("key", "view", *self.info.recipe.factor_names, *position_columns())
            if empty := [name for name in needed if table[name].null_count]:
                raise DatasetError(f"{self.folder / stem}.parquet: {empty[0]} is empty in some rows: {MEND}")
            start = int(self._ends[shard]) - table.num_rows
            for number in indices[shards == shard].tolist():
                [row] = table.slice(number - start, 1).to_pylist()
                samples[number] = Sample(self.folder, stem, row)
        return [samples[number] for number in indices.tolist()]

    def find(self, key: str) -> Sample:
        """Return the sample with a key.

        Raises
        ------
        UnknownName : the key is unknown; the message suggests similar keys.
        DatasetError : a table is missing or damaged.
        """
        names = {f"{note['synset']}_{note['object_id']}": numbers for note, numbers in self.objects}
        name = key.rpartition("_")[0]
        if name not in names:
            raise UnknownName("sample", key, [f"{known}_000" for known in names], f"{self.folder}: ")
        views = self.at(names[name])
        for sample in views:
            if sample.key == key:
                return sample
        raise UnknownName("sample", key, [sample.key for sample in views], f"{self.folder}: ")


def _rows(path: Path) -> int:
    try:
        return int(pq.read_metadata(path).num_rows)
    except (OSError, pa.ArrowException) as error:
        raise DatasetError(
            read_failure(path, error, "restore it or render the dataset again", "it is not a complete Parquet file")
        ) from error
