"""Memory of encoding: peak memory of a process that fills a feature file, by the number of views.

python -m iebench.benchmark.speed.encoding --views 50000 --views 100000 --views 200000 --dim 512
"""

import multiprocessing
import resource
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from iebench.benchmark.encoders.prepared import prepare
from iebench.benchmark.encoders.registry import LoadedEncoder
from iebench.benchmark.features.cache import encode

SIDE = 8  # pixels; small, so that decoding and computing take little memory
FULL = 2_622_650  # views of 3DIEBench


class Vectors(nn.Module):
    """Random projections of an image's pixels."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.layer = nn.Linear(3 * SIDE**2, dim)

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, 3, SIDE, SIDE) to (B, dim)."""
        out: Tensor = self.layer(images.flatten(1))
        return out


class Noise:
    """Replaces a split: random images, drawn on reading."""

    def __init__(self, views: int) -> None:
        self.info, self.split = SimpleNamespace(fingerprint=f"{views} random images"), "noise"
        self.table = pa.table({"key": pa.array(["0"])})
        self.views = views

    def read(self, rows: NDArray[np.int64], size: int) -> NDArray[np.uint8]:
        """Draw images (len(rows), size, size, 3)."""
        return np.random.default_rng(int(rows[0])).integers(0, 256, (len(rows), size, size, 3), np.uint8)


def fill(views: int, dim: int, folder: str, results: Any) -> None:
    """Encode `views` views in this process; sends its peak memory before and after, and the file's size, in MB.

    folder : folder of the file
    """
    torch.set_num_threads(1)
    encoder = prepare(LoadedEncoder("vectors", Vectors(dim)), SIDE, torch.device("cpu"))
    before = _peak()
    noise: Any = Noise(views)
    features = encode(encoder, noise, np.arange(views), Path(folder), torch.device("cpu")).features
    after = _peak()
    assert features.shape == (views, dim) and np.abs(features[:: max(1, views // 100)]).min() >= 0
    results.put((before, after, features.nbytes / 1e6))


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@click.command()
@click.option("--views", multiple=True, type=int, default=(50_000, 100_000, 200_000), show_default=True)
@click.option("--dim", default=512, show_default=True)
def main(views: tuple[int, ...], dim: int) -> None:
    """Encode random images in a new process for each number of views, and print the peak memory."""
    context = multiprocessing.get_context("spawn")
    added = []
    for count in views:
        results = context.SimpleQueue()
        with tempfile.TemporaryDirectory() as folder:
            process = context.Process(target=fill, args=(count, dim, folder, results))
            process.start()
            process.join()
        before, after, size = results.get()
        added.append(after - before)
        click.echo(
            f"{count} views x {dim}: file {size:.0f} MB, peak {after:.0f} MB, {added[-1]:.0f} of it for encoding"
        )
    if len(views) > 1:
        slope, start = np.polyfit(views, added, 1)
        click.echo(
            f"{slope * 1e6:.1f} MB more for each million views; {start + slope * FULL:.0f} MB for {FULL} views, "
            f"whose file has {FULL * dim * 4 / 1e9:.1f} GB"
        )


if __name__ == "__main__":
    main()
