"""Features from a Parquet file, computed with any software; no external code is executed.

iebench score --features mine.parquet --data data/builtin
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from iebench.manifests.common.causes import read_failure
from iebench.manifests.schema import SPLITS
from iebench.manifests.text.plain_text import check_name

from ..data.images import Images
from ..errors import EncoderError
from ..results.score import Cost
from ..statistics.metric_info import WHOLE

IDENTITY = ("synset", "object_id", "view")  # columns that identify a view without a key
NUMBERS = 2**20  # numbers read at once, if one row has no more
BUFFER = 2**16  # bytes read at once per column; else Arrow reads a column's whole row group
MOST = 3  # names in a message


@dataclass(frozen=True)
class FeatureFile:
    """A file of features, checked against a dataset; it replaces an encoder.

    name : name of the file without suffix
    parts : names of the columns of features, if there are several; the representation is their concatenation
    positions : for each row of the file, its index among the views of the dataset, train first
    weights : SHA-256 of the file
    """

    path: Path
    name: str
    dim: int
    parts: Mapping[str, slice]
    columns: tuple[str, ...]
    positions: NDArray[np.int64]
    starts: Mapping[str, int]
    weights: str
    resolution: int = 0
    preprocessing: str = "unknown: features came as a file"
    training_data: str = ""
    precision: str = ""
    predictor: None = None
    run: None = None
    cost: Cost = field(default_factory=Cost)

    @property
    def width(self) -> int:
        """Number of columns, `dim`: all belong to the representation."""
        return self.dim

    @property
    def identity(self) -> str:
        """Return the SHA-256 of the file, which determines the features."""
        return self.weights

    @staticmethod
    def open(path: Path, data: Path) -> "FeatureFile":
        """Open a file, after checking that it has every view of a dataset exactly once, with lists of equal length.

        Columns: `key`, or `synset`, `object_id` and `view`, as in the dataset's Parquet files; and one or more columns
        of lists of floats. Other columns of the dataset are ignored.

        Raises
        ------
        EncoderError : no such file, not Parquet, columns missing or unknown, views missing, repeated or unknown.
        UsageError : a name that is not allowed in a table.
        DatasetError : the dataset is missing or damaged.
        """
        if not path.is_file():
            raise EncoderError(f"no such file: {path}; --features takes a Parquet file")
        try:
            file = _opened(path)
        except (pa.ArrowException, OSError) as error:
            remedy = "write one, as with pandas' to_parquet"
            raise EncoderError(read_failure(path, error, remedy, "it is not a complete Parquet file")) from None
        if twice := [name for name, times in Counter(file.schema_arrow.names).items() if times > 1]:
            raise EncoderError(f"{path} has {twice[0]} more than once: every column needs a name of its own")
        if not file.metadata.num_rows:
            raise EncoderError(f"{path} has no rows: give every view of {data} exactly one")
        for name in (path.stem, *file.schema_arrow.names):
            check_name(name, f"--features {path}: the name")
        splits = {split: Images.open(data, split).table for split in SPLITS}
        columns = _feature_columns(path, file.schema_arrow, set(splits["train"].column_names))
        with _reading(path):
            positions = _positions(path, data, _keys(path, file), pa.concat_tables(splits.values())["key"])
            first = next(file.iter_batches(1, columns=list(columns)))
        widths = [int(pc.list_value_length(first[column])[0].as_py() or 0) for column in columns]
        stops = np.cumsum(widths).tolist()
        spans = {c: slice(stop - width, stop) for c, width, stop in zip(columns, widths, stops, strict=True)}
        for column, width in zip(columns, widths, strict=True):
            if not width:
                raise EncoderError(f"{path}: {column} of its first row is empty: every view needs its features")
        with path.open("rb") as raw:
            digest = hashlib.file_digest(raw, "sha256").hexdigest()
        return FeatureFile(
            path=path,
            name=path.stem,
            dim=stops[-1],
            parts=spans if len(columns) > 1 else {},
            columns=columns,
            positions=positions,
            starts={"train": 0, "val": splits["train"].num_rows},
            weights=digest,
        )

    def copy(self, images: Images, rows: NDArray[np.int64], path: Path) -> None:
        """Write the features of some rows of a split to an .npy file, in the order of `rows`.

        Raises
        ------
        EncoderError : a value is missing or not finite, or a list has another length than the first.
        """
        slots = np.full(len(images), -1)  # index in `rows` of each row of the split
        slots[rows] = np.arange(len(rows))
        shape = (len(rows), self.dim)
        out = np.lib.format.open_memmap(path, "w+", np.dtype("<f4"), shape)  # type: ignore[no-untyped-call]
        for positions, features in self._batches():
            inside = (positions >= self.starts[images.split]) & (positions < self.starts[images.split] + len(images))
            slot = slots[positions[inside] - self.starts[images.split]]
            out[slot[slot >= 0]] = features[inside][slot >= 0]
        out.flush()

    def _batches(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """Yield the file in batches: positions (k,) and features (k, dim)."""
        start = 0
        with _reading(self.path):
            for batch in _opened(self.path).iter_batches(max(1, NUMBERS // self.dim), columns=list(self.columns)):
                widths = [part.stop - part.start for part in self.parts.values()] or [self.dim]
                matrices = [
                    self._matrix(batch[c], c, width, start) for c, width in zip(self.columns, widths, strict=True)
                ]
                yield self.positions[start : start + len(batch)], np.concatenate(matrices, axis=1)
                start += len(batch)

    def _matrix(self, lists: pa.Array, column: str, width: int, start: int) -> NDArray[np.float32]:
        lengths = pc.list_value_length(lists).fill_null(0).to_numpy(zero_copy_only=False)
        if (lengths != width).any():
            row = int(np.argmax(lengths != width))
            raise EncoderError(
                f"{self.path}: {column} has {width} numbers in row 0 and {lengths[row]} in row {start + row}: "
                "every view needs as many"
            )
        flat = lists.flatten().to_numpy(zero_copy_only=False)  # missing numbers become NaN
        with np.errstate(over="ignore"):  # numbers beyond float32 become infinite and are refused below
            values: NDArray[np.float32] = flat.astype(np.float32).reshape(-1, width)
        good = np.isfinite(values).all(1)
        if not good.all():
            raise EncoderError(
                f"{self.path}: {column} of row {start + int(np.argmin(good))} is not finite or has a number missing: "
                "every view needs numbers that float32 can hold"
            )
        return values


def _opened(path: Path) -> pq.ParquetFile:
    """Open a file so that memory depends on the rows read at once, not on the size of row groups."""
    return pq.ParquetFile(path, buffer_size=BUFFER, pre_buffer=False)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn Arrow's errors about unreadable pages into one sentence."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise EncoderError(read_failure(path, error, "write it again", "it has rows that are damaged")) from error


def _feature_columns(path: Path, schema: pa.Schema, known: set[str]) -> tuple[str, ...]:
    names = []
    for column in schema:
        if column.name in ("key", *IDENTITY):
            continue  # checked by `_keys`
        lists = pa.types.is_list(column.type) or pa.types.is_large_list(column.type)
        if lists or pa.types.is_fixed_size_list(column.type):
            if not pa.types.is_floating(column.type.value_type):
                raise EncoderError(f"{path}: {column.name} has lists of {column.type.value_type}: give lists of floats")
            names.append(column.name)
        elif column.name not in known:
            raise EncoderError(
                f"{path}: {column.name} is neither a list of floats nor a column of the dataset: drop it, or put the "
                "numbers of a view into one list"
            )
    if not names:
        raise EncoderError(f"{path} has no column of lists of floats: put the features of each view into one")
    if WHOLE in names and len(names) > 1:
        raise EncoderError(f"{path}: the column {WHOLE!r} has the name of all columns together: rename it")
    return tuple(names)


def _keys(path: Path, file: pq.ParquetFile) -> pa.ChunkedArray:
    names = set(file.schema_arrow.names)
    if "key" in names:
        return _read(path, file, "key", pa.string())
    if names >= set(IDENTITY):
        *owners, views = (_read(path, file, n, pa.int64() if n == "view" else pa.string()) for n in IDENTITY)
        return pc.binary_join_element_wise(*owners, pc.utf8_lpad(views.cast(pa.string()), 3, "0"), "_")
    raise EncoderError(f"{path} has no column that names the view of a row: add a column key, or {', '.join(IDENTITY)}")


def _read(path: Path, file: pq.ParquetFile, column: str, kind: pa.DataType) -> pa.ChunkedArray:
    values = file.read([column])[column]
    if not pa.types.is_nested(values.type):
        try:
            return values.cast(kind)
        except pa.ArrowException:  # text, or a fraction such as 0.5, for a whole number
            pass
    noun = "whole numbers" if kind == pa.int64() else "text"
    raise EncoderError(
        f"{path}: {column} has {values.type} values such as {values[0].as_py()!r:.80}, not {noun}: take that column "
        "from the dataset's own Parquet files"
    )


def _positions(path: Path, data: Path, keys: pa.ChunkedArray, expected: pa.ChunkedArray) -> NDArray[np.int64]:
    positions: NDArray[np.int64] = pc.index_in(keys, value_set=expected).fill_null(-1).to_numpy().astype(np.int64)
    counts = np.bincount(positions[positions >= 0], minlength=len(expected))
    for clause, names in (
        ("rows of no view of", keys.filter(pa.array(positions < 0))),
        ("more than one row of views of", expected.filter(pa.array(counts > 1))),
        ("no row of views of", expected.filter(pa.array(counts == 0))),
    ):
        if len(names):
            some = ", ".join(map(str, names[:MOST].to_pylist())) + (", ..." if len(names) > MOST else "")
            raise EncoderError(
                f"{path} has {clause} {data} ({len(names)}: {some}): give every view of that dataset exactly one row"
            )
    return positions
