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

from iebench.baselines.encoder import Encoder, EncoderSettings
from iebench.benchmark import pairs
from iebench.benchmark.bootstrap import Bootstrap
from iebench.benchmark.encoder import represent
from iebench.benchmark.features import to_float
from iebench.benchmark.measures import WHOLE
from iebench.benchmark.probes.context import Context, Split
from iebench.benchmark.probes.heads import HEADS, Answers, answers
from iebench.benchmark.probes.standardise import Standardiser
from iebench.benchmark.protocol import Protocol, load
from iebench.manifests.common.progress import Meter


@dataclass(frozen=True)
class Reencoded:
    """Stands for a feature array, but encodes the images of the rows that are asked for: the released scripts' way."""

    images: NDArray[np.uint8]
    encoder: Encoder

    def __getitem__(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        found = represent("re-encoded", self.encoder, to_float(self.images[rows.ravel()], torch.device("cpu"))).numpy()
        return found.reshape(*rows.shape, -1)


def context_of(objects: int, views: int, protocol: Protocol, features: NDArray[np.float32], meter: Meter) -> Context:
    """A context over random poses and hues, whose train and val splits are the same objects."""
    generator = np.random.default_rng(0)
    identities = [("0", f"{i:05d}") for i in range(objects)]
    latents = {name: generator.uniform(-1.5, 1.5, objects * views) for name in ("rot_x", "rot_y", "rot_z")}
    latents |= {name: generator.uniform(0, 1, objects * views) for name in ("floor_hue", "light_hue")}
    split = Split(
        features=features,
        labels=np.repeat(np.arange(objects) % 10, views),
        latents=latents,
        identities=identities,
        views=views,
        pairs=pairs.draw(identities, views, protocol.train_epochs, 0, "train pairs"),
    )
    half = features.shape[1] // 2
    return Context(
        train=split,
        val=split,
        parts={WHOLE: slice(0, 2 * half), "first": slice(0, half), "second": slice(half, 2 * half)},
        standardiser=Standardiser.nothing(features.shape[1]),
        method=None,
        protocol=protocol,
        bootstrap=Bootstrap.of(objects, 2, 0.95, 0),
        seeds=tuple(range(protocol.seeds)),
        device=torch.device("cpu"),
        meter=meter,
        turns={},
        learners=np.arange(objects),
        tuners=np.arange(0),
    )


@click.command()
@click.option("--objects", default=64, show_default=True)
@click.option("--views", default=12, show_default=True)
@click.option("--resolution", default=64, show_default=True)
@click.option("--epochs", default=5, show_default=True, help="Epochs that are really run, in both ways.")
def main(objects: int, views: int, resolution: int, epochs: int) -> None:
    """Train the released protocol's heads both ways on random images and print the ratio of the times."""
    torch.manual_seed(0)
    encoder = Encoder(EncoderSettings(width=0.5, stem="small")).eval()
    images = np.random.default_rng(1).integers(0, 256, (objects * views, resolution, resolution, 3), np.uint8)
    full = load("released")
    protocol = replace(full, heads={name: replace(head, epochs=epochs) for name, head in full.heads.items()})
    anew = Reencoded(images, encoder)
    with Meter("probing", total=18 * epochs, unit="epochs") as meter:
        start = time.perf_counter()
        features = np.concatenate([anew[block] for block in np.array_split(np.arange(len(images)), len(images) // 64)])
        encoding = time.perf_counter() - start
        context = context_of(objects, views, protocol, features, meter)
        cached, training = _timed(context)
        # only indexing is used, so an object that encodes on demand can stand in for the array
        lazy = replace(context, train=replace(context.train, features=anew))  # type: ignore[arg-type]
        again, reencoding = _timed(lazy)
    gap = max(
        float(np.abs(a[part].outputs - b[part].outputs).max()) for a, b in zip(cached, again, strict=True) for part in a
    )
    # the scripts train a head at a time, so each question and part encodes again; here both ways share one pass
    wanted, parts = full.train_epochs, len(context.parts)
    passes = parts * sum(HEADS[name](context).views for name in protocol.heads) / 2
    once = encoding + wanted * training / epochs
    always = wanted * (training + passes * (reencoding - training)) / epochs
    click.echo(f"{objects} objects x {views} views at {resolution} px, {torch.get_num_threads()} threads, "
               f"load {os.getloadavg()[0]:.1f}")  # fmt: skip
    click.echo(f"largest difference between the two ways' answers: {gap:.1e}")
    click.echo(
        f"measured: encode once {encoding:.2f} s; {epochs} epochs cached {training:.2f} s, anew {reencoding:.2f} s"
    )
    click.echo(f"computed for {wanted} epochs: {always / once:.1f}")


def _timed(context: Context) -> tuple[list[dict[str, Answers]], float]:
    tasks = [task for name in context.protocol.heads if (task := HEADS[name](context)) is not None]
    start = time.perf_counter()
    found = answers(context, tasks)
    return found, time.perf_counter() - start


if __name__ == "__main__":
    main()
