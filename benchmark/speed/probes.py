"""How much faster probes on cached features are than probes that encode their images anew every epoch, in one run.

python benchmark/speed/probes.py --objects 64 --views 12 --epochs 5
"""

import os
import time
from dataclasses import dataclass, replace

import click
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from iebench.baselines.encoder import Encoder, EncoderSettings
from iebench.benchmark import pairs
from iebench.benchmark.bootstrap import Bootstrap
from iebench.benchmark.encoder import represent
from iebench.benchmark.features import to_float
from iebench.benchmark.measures import WHOLE
from iebench.benchmark.probes.context import Context, Split
from iebench.benchmark.probes.heads import Task, Trainee, fit
from iebench.benchmark.probes.rotation import quaternions
from iebench.benchmark.probes.standardise import Standardiser
from iebench.benchmark.protocol import Protocol, Training
from iebench.manifests.common.progress import Meter


@dataclass(frozen=True)
class Reencoded:
    """Stands for a feature array, but encodes the images of the rows that are asked for: the released scripts' way."""

    images: NDArray[np.uint8]
    encoder: Encoder

    def __getitem__(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        found = represent("re-encoded", self.encoder, to_float(self.images[rows.ravel()], torch.device("cpu"))).numpy()
        return found.reshape(*rows.shape, -1)


def context_of(objects: int, views: int, epochs: int, features: NDArray[np.float32], meter: Meter) -> Context:
    """A context over random poses, whose train and val splits are the same objects."""
    generator = np.random.default_rng(0)
    identities = [("0", f"{i:05d}") for i in range(objects)]
    split = Split(
        features=features,
        labels=np.repeat(np.arange(objects) % 10, views),
        latents={name: generator.uniform(-1.5, 1.5, objects * views) for name in ("rot_x", "rot_y", "rot_z")},
        identities=identities,
        views=views,
        pairs=pairs.draw(identities, views, epochs, 0, "train pairs"),
    )
    return Context(
        train=split,
        val=split,
        parts={WHOLE: slice(0, features.shape[1])},
        standardiser=Standardiser.of(features),
        method=None,
        protocol=Protocol(),
        bootstrap=Bootstrap.of(objects, 2, 0.95, 0),
        seed=0,
        device=torch.device("cpu"),
        meter=meter,
    )


@click.command()
@click.option("--objects", default=64, show_default=True)
@click.option("--views", default=12, show_default=True)
@click.option("--resolution", default=64, show_default=True)
@click.option("--epochs", default=5, show_default=True, help="Epochs that are really run, in both ways.")
def main(objects: int, views: int, resolution: int, epochs: int) -> None:
    """Train the rotation head both ways on random images and print the ratio of the times."""
    torch.manual_seed(0)
    encoder = Encoder(EncoderSettings(width=0.5, stem="small")).eval()
    images = np.random.default_rng(1).integers(0, 256, (objects * views, resolution, resolution, 3), np.uint8)
    task = Task(
        views=2, hidden=Protocol().hidden, outputs=4, loss=nn.functional.mse_loss,
        target=lambda split, rows: quaternions(split, rows).astype(np.float32),
        training=Training(epochs=epochs, lr=1e-3, batch=256, weight_decay=0.0),
    )  # fmt: skip
    anew = Reencoded(images, encoder)
    with Meter("probing", total=2 * epochs + 1, unit="epochs") as meter:
        start = time.perf_counter()
        features = np.concatenate([anew[block] for block in np.array_split(np.arange(len(images)), len(images) // 64)])
        encoding = time.perf_counter() - start
        context = context_of(objects, views, epochs, features, meter)
        whole = context.parts[WHOLE]
        fit(context, replace(task, training=replace(task.training, epochs=1)), Trainee.of(context, task, whole))  # warm
        cached, again = (Trainee.of(context, task, whole) for _ in range(2))
        start = time.perf_counter()
        fit(context, task, cached)
        training = time.perf_counter() - start
        # only indexing is used, so an object that encodes on demand can stand in for the array
        lazy = replace(context, train=replace(context.train, features=anew))  # type: ignore[arg-type]
        start = time.perf_counter()
        fit(lazy, task, again)
        reencoding = time.perf_counter() - start
    gap = max(
        float((a - b).detach().abs().max())
        for a, b in zip(cached.head.parameters(), again.head.parameters(), strict=True)
    )
    # encoding is paid once for the three heads of each of three parts; re-encoding is paid by every head and epoch
    wanted, heads = Protocol().rotation.epochs, 9
    once = encoding + heads * wanted * training / epochs
    always = heads * wanted * reencoding / epochs
    click.echo(f"{objects} objects x {views} views at {resolution} px, {torch.get_num_threads()} threads, "
               f"load {os.getloadavg()[0]:.1f}")  # fmt: skip
    click.echo(f"largest difference between the two heads' weights: {gap:.1e}")
    click.echo(
        f"measured: encode once {encoding:.2f} s; {epochs} epochs cached {training:.2f} s, anew {reencoding:.2f} s"
    )
    click.echo(f"ratio per epoch {reencoding / training:.1f}; "
               f"computed for {heads} heads x {wanted} epochs with the encoding: {always / once:.1f}")  # fmt: skip


if __name__ == "__main__":
    main()
