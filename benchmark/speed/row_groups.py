"""Memory of `--features FILE.parquet`: peak memory of a process that reads one, by the size of its row groups.

python -m iebench.benchmark.speed.row_groups --views 200000 --dim 512
"""

import multiprocessing
import resource
import tempfile
from pathlib import Path
from typing import Any

import click
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from iebench.benchmark.features.feature_file import FeatureFile

SMALL = 4_096  # rows


class OneView:
    """Replaces a split by one view, so that only reading takes memory."""

    split = "train"

    def __len__(self) -> int:
        return 1


def write(path: Path, views: int, dim: int, group: int) -> None:
    """Write a file of random features in row groups of `group` rows."""
    numbers = np.random.default_rng(0).normal(size=(views, dim)).astype(np.float32)
    column = pa.FixedSizeListArray.from_arrays(pa.array(numbers.ravel()), dim).cast(pa.list_(pa.float32()))
    pq.write_table(pa.table({"features": column}), path, row_group_size=group)


def read(path: Path, views: int, dim: int, results: Any) -> None:
    """Read a file in this process; sends its peak memory before and after, in MB."""
    before, images = _peak(), OneView()
    places, starts = np.arange(views), {"train": 0, "val": views}
    file = FeatureFile(path, path.stem, dim, {}, ("features",), places, starts, weights="")
    file.copy(images, np.arange(1), path.with_suffix(".npy"))  # type: ignore[arg-type]
    results.put((before, _peak()))


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@click.command()
@click.option("--views", default=200_000, show_default=True)
@click.option("--dim", default=512, show_default=True)
def main(views: int, dim: int) -> None:
    """Read files of random features, each in a new process, and print the peak memory."""
    context = multiprocessing.get_context("spawn")
    for group in (SMALL, views):
        results = context.SimpleQueue()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "a.parquet"
            for work in (
                context.Process(target=write, args=(path, views, dim, group)),
                context.Process(target=read, args=(path, views, dim, results)),
            ):
                work.start()
                work.join()
            before, after = results.get()
            size = path.stat().st_size / 1e6
        click.echo(
            f"{views} views x {dim} in row groups of {group}: file {size:.0f} MB, peak {after:.0f} MB, "
            f"{after - before:.0f} of it for reading"
        )


if __name__ == "__main__":
    main()
