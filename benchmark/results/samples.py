"""Answers of the probes question by question, on request: a Parquet file with a row for each question, part and seed.

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
ROWS = 100_000  # of the file written at once

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
"""Columns; docs/score-your-encoder.md says what is in them."""


class Samples:
    """Takes answers and writes them. writer : of a file with SCHEMA"""

    def __init__(self, writer: pq.ParquetWriter) -> None:
        self._writer = writer

    def put(
        self, keys: Sequence[pa.Array], part: str, question: str, seeds: Sequence[int | None], truth: Numbers,
        answers: Numbers, errors: Array, unit: str,
    ) -> None:  # fmt: skip
        """Write the answers of every seed to some questions about views of val.

        keys : (k,) of the view, or of the first and of the second view, that a question is about
        truth : (k, c); answers : (S, k, c), of each seed; errors : (S, k), in a unit
        """
        for start in range(0, len(truth), ROWS):
            block = slice(start, start + ROWS)
            views = [key[block] for key in keys]
            count = len(views[0])
            for seed, answer, error in zip(seeds, answers[:, block], errors[:, block], strict=True):
                columns = [
                    pa.repeat(pa.scalar("val"), count),
                    pa.repeat(pa.scalar(part), count),
                    pa.repeat(pa.scalar(question), count),
                    pa.repeat(pa.scalar(seed, pa.int32()), count),
                    views[0],
                    views[1] if len(views) > 1 else pa.nulls(count, pa.string()),
                    _lists(truth[block]),
                    _lists(answer),
                    pa.array(error, pa.float32()),
                    pa.repeat(pa.scalar(unit), count),
                ]
                self._writer.write_table(pa.table(columns, schema=SCHEMA))


@contextmanager
def opened(path: Path | None) -> Iterator[Samples | None]:
    """A file of samples, there when the block has ended well, complete or not at all; None without a path.

    Raises
    ------
    DiskError : it cannot be written.
    """
    if path is None:
        yield None
        return
    with atomic(path) as file, pq.ParquetWriter(file, SCHEMA, compression="zstd") as writer:
        yield Samples(writer)


def keys_of(identities: Sequence[Identity], views: int, rows: Rows) -> pa.Array:
    """The dataset's keys of some views: rows (k,) -> (k,) strings.

    identities : of the objects, each of which has so many views, one after another
    """
    names = pa.array(["_".join(identity) for identity in identities]).take(pa.array(rows // views))
    return pc.binary_join_element_wise(names, pc.utf8_lpad(pa.array(rows % views).cast(pa.string()), 3, "0"), "_")


def _lists(values: Numbers) -> pa.Array:
    """Rows (k, c) as lists of c numbers."""
    count, width = values.shape
    offsets = pa.array(np.arange(count + 1, dtype=np.int32) * width)
    return pa.ListArray.from_arrays(offsets, pa.array(values.astype(np.float32).ravel()))
