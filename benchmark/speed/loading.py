"""How much faster a batch of pairs is read by offset and libjpeg-turbo threads than by tarfile and Pillow.

python benchmark/speed/loading.py data/builtin --batch 64
"""

import io
import os
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from iebench.benchmark.images import Images
from iebench.benchmark.order import Order


def reference(images: Images) -> Callable[[NDArray[np.int64]], NDArray[np.uint8]]:
    """Members found by name in tars that are already indexed, decoded by Pillow one after the other."""
    members = {}
    for path in sorted((images.folder / images.split).glob("*.tar")):
        tar = tarfile.open(path)  # noqa: SIM115 - stays open for the whole measurement
        members.update({member.name: (tar, member) for member in tar})
    names = [f"{key}.jpg" for key in images.table["key"].to_pylist()]

    def read(rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        pixels = []
        for row in rows:
            tar, member = members[names[row]]
            file = tar.extractfile(member)
            if file is None:
                raise FileNotFoundError(member.name)
            pixels.append(np.asarray(Image.open(io.BytesIO(file.read())).convert("RGB")))
        return np.stack(pixels)

    return read


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--batch", default=64, show_default=True, help="Objects in a batch.")
@click.option("--seconds", default=3.0, show_default=True, help="To measure each for.")
def main(data: Path, batch: int, seconds: float) -> None:
    """Read batches of pairs in training's order at the stored resolution, page cache warm."""
    images = Images.open(data, "train")
    objects = len(images) // images.views_per_object
    rates = {}
    for name, read in {"tarfile and Pillow": reference(images), "offsets and threads": images.read}.items():
        order = Order(0, objects, images.views_per_object, batch, 2)
        read(order.rows(0).ravel())
        start, step = time.perf_counter(), 0
        while time.perf_counter() - start < seconds:
            step += 1
            read(order.rows(step).ravel())
        rates[name] = step * batch * 2 / (time.perf_counter() - start)
    click.echo(f"{images.resolution} pixels, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for name, rate in rates.items():
        click.echo(f"{name}: {rate:.0f} images/s")
    click.echo(f"ratio {rates['offsets and threads'] / rates['tarfile and Pillow']:.1f}")


if __name__ == "__main__":
    main()
