"""Optional log of the probes' predictions: a Parquet file with a row per sample, part and seed.

iebench score --log-samples answers.parquet
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from iebench.manifests.common.files import atomic

from ..data.pairs import Identity

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
Numbers = Array | NDArray[np.int64]
ROWS = 100_000  # rows per write

SCHEMA = pa.schema(
    [
        ("split", pa.string()),
        ("part", pa.string()),
        ("question", pa.string()),
        ("seed", pa.int32()),
        ("key", pa.string()),
        ("other", pa.string()),
        ("truth", pa.list_(pa.float32())),
        ("answer", pa.list_(pa.float32())),
        ("error", pa.float32()),
        ("unit", pa.string()),
    ]
)
"""Columns; docs/guides/your-encoder.md describes them."""


class Samples:
    """Writes predictions to a file. writer : writer of a file with SCHEMA"""

    def __init__(self, writer: pq.ParquetWriter) -> None:
        self._writer = writer

    def put(
        self, keys: Sequence[pa.Array], part: str, question: str, seeds: Sequence[int | None], truth: Numbers,
        predictions: Numbers, errors: Array, unit: str,
    ) -> None:  # fmt: skip
        """Write the predictions of every seed for samples of val.

        keys : (k,) keys of the view, or of the first and of the second view, of each sample
        truth : (k, c); predictions : (S, k, c), per seed; errors : (S, k), in `unit`
        """
        for start in range(0, len(truth), ROWS):
            block = slice(start, start + ROWS)
            views = [key[block] for key in keys]
            count = len(views[0])
            for seed, predicted, error in zip(seeds, predictions[:, block], errors[:, block], strict=True):
                columns = [
                    pa.repeat(pa.scalar("val"), count),
                    pa.repeat(pa.scalar(part), count),
                    pa.repeat(pa.scalar(question), count),
                    pa.repeat(pa.scalar(seed, pa.int32()), count),
                    views[0],
                    views[1] if len(views) > 1 else pa.nulls(count, pa.string()),
                    _lists(truth[block]),
                    _lists(predicted),
                    pa.array(error, pa.float32()),
                    pa.repeat(pa.scalar(unit), count),
                ]
                self._writer.write_table(pa.table(columns, schema=SCHEMA))


@contextmanager
def opened(path: Path | None) -> Iterator[Samples | None]:
    """Open a file of samples, which is written atomically when the block ends without error; None without a path.

    Raises
    ------
    DiskError : the file cannot be written.
    """
    if path is None:
        yield None
        return
    with atomic(path) as file, pq.ParquetWriter(file, SCHEMA, compression="zstd") as writer:
        yield Samples(writer)


def keys_of(identities: Sequence[Identity], views: int, rows: Rows) -> pa.Array:
    """Return the dataset's keys of some views: rows (k,) -> (k,) strings.

    identities : identities of the objects; views : views per object, in consecutive rows
    """
    names = pa.array(["_".join(identity) for identity in identities]).take(pa.array(rows // views))
    return pc.binary_join_element_wise(names, pc.utf8_lpad(pa.array(rows % views).cast(pa.string()), 3, "0"), "_")


def _lists(values: Numbers) -> pa.Array:
    """Convert rows (k, c) to lists of c numbers."""
    count, width = values.shape
    offsets = pa.array(np.arange(count + 1, dtype=np.int32) * width)
    return pa.ListArray.from_arrays(offsets, pa.array(values.astype(np.float32).ravel()))
