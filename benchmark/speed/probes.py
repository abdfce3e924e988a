"""Cost of scoring compared with the reference protocol, which encodes every view again in every epoch of every head.

python -m iebench.benchmark.speed.probes --objects 32 --resolution 256

Measured: encoding of images; an epoch of a head that encodes its views again; a step of all heads (tasks x parts x
seeds) in parallel on cached features, and of one head alone. Computed from these: both ways in full at 3DIEBench's
size. All times are CPU time, which other work on the machine affects little.
"""

import os
import time
from dataclasses import replace

import click
import numpy as np
import torch
from numpy.typing import NDArray

from iebench.baselines.networks.encoder import Encoder, EncoderSettings
from iebench.benchmark.data import pairs
from iebench.benchmark.encoders.prepared import PreparedEncoder, prepare, represent
from iebench.benchmark.encoders.registry import LoadedEncoder
from iebench.benchmark.features.cache import to_float
from iebench.benchmark.fitting.context import Context, Split
from iebench.benchmark.fitting.heads import Task, train_heads
from iebench.benchmark.fitting.sources import Anew
from iebench.benchmark.fitting.standardise import Standardiser
from iebench.benchmark.metrics import STANDARD
from iebench.benchmark.probes.heads import TASKS
from iebench.benchmark.protocol import Protocol, load
from iebench.benchmark.statistics.bootstrap import Bootstrap
from iebench.benchmark.statistics.metric_info import WHOLE
from iebench.manifests.common.progress import Meter

TRAIN, VAL, VIEWS = 41_920, 10_552, 50  # of 3DIEBench
VIEWS_PER_OBJECT = 4
CPU = torch.device("cpu")


def pictures(objects: int, resolution: int, width: float) -> tuple[PreparedEncoder, NDArray[np.uint8]]:
    """Make an untrained ResNet-18 and VIEWS_PER_OBJECT random images of each object."""
    torch.manual_seed(0)
    encoder = prepare(
        LoadedEncoder("resnet18", Encoder(EncoderSettings(width=width, stem="imagenet"))), resolution, CPU
    )
    shape = (objects * VIEWS_PER_OBJECT, resolution, resolution, 3)
    return encoder, np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def context_of(features: NDArray[np.float32], protocol: Protocol) -> Context:
    """Make a context over features with random poses and hues; both splits are the same objects."""
    generator, count = np.random.default_rng(1), len(features)
    identities = [("0", f"{i:05d}") for i in range(count // VIEWS_PER_OBJECT)]
    names = ("rot_x", "rot_y", "rot_z", "floor_hue", "light_hue", "light_theta", "light_phi")
    split = Split(
        features=features,
        labels=np.repeat(np.arange(len(identities)) % 10, VIEWS_PER_OBJECT),
        latents={name: generator.uniform(0, 1, count) for name in names},
        identities=identities,
        views=VIEWS_PER_OBJECT,
        pairs=pairs.draw(identities, VIEWS_PER_OBJECT, 8, 0, "train pairs"),
    )
    half = features.shape[1] // 2
    return Context(
        train=split,
        val=split,
        parts={WHOLE: slice(0, 2 * half), "first": slice(0, half), "second": slice(half, 2 * half)},
        standardiser=Standardiser.nothing(features.shape[1]),
        method=None,
        protocol=protocol,
        bootstrap=Bootstrap.of(split.objects, 2, 0.95, 0),
        seeds=tuple(range(protocol.seeds)),
        device=CPU,
        meter=Meter("probing", total=1, unit="epochs"),
        groups=STANDARD,
        training_objects=np.arange(split.objects),
        tuning_objects=np.arange(0),
    )


def an_epoch(context: Context, epochs: int, tasks: list[Task], anew: bool) -> float:
    """Measure the CPU seconds of an epoch of some tasks' heads, from the difference between two lengths of training."""

    def seconds(length: int) -> float:
        heads = {name: replace(head, epochs=length) for name, head in context.protocol.heads.items()}
        short = replace(context, protocol=replace(context.protocol, heads=heads))
        start = time.process_time()
        train_heads(short, tasks, (lambda: Anew(short, drifting=False)) if anew else None)
        return time.process_time() - start

    seconds(1)  # warm-up
    return max(1e-9, (seconds(1 + epochs) - seconds(1)) / epochs)


@click.command()
@click.option("--objects", default=32, show_default=True, help="Whose pictures are encoded, 4 views of each.")
@click.option("--resolution", default=64, show_default=True)
@click.option("--width", default=1.0, show_default=True, help="Of the ResNet-18; 1 gives 512 features.")
@click.option("--epochs", default=3, show_default=True, help="Epochs that are measured; at most 7.")
@click.option("--seeds", default=5, show_default=True)
@click.option("--protocol", "name", default="released", show_default=True)
def main(objects: int, resolution: int, width: float, epochs: int, seeds: int, name: str) -> None:
    """Time a protocol's heads both ways on random images, and compute the full cost of both."""
    full = load(name)
    heads = {key: replace(head, lr=head.lr[:1], weight_decay=head.weight_decay[:1]) for key, head in full.heads.items()}
    encoder, images = pictures(objects, resolution, width)
    represent("", encoder.module, to_float(images[:8], CPU))  # warm-up
    start = time.process_time()
    features = np.concatenate(
        [represent("", encoder.module, to_float(images[i : i + 32], CPU)).numpy() for i in range(0, len(images), 32)]
    )
    image = (time.process_time() - start) / len(images)

    few = context_of(features, replace(full, heads=heads, seeds=1))
    few = replace(
        few,
        encoder=encoder,
        parts={WHOLE: few.parts[WHOLE]},
        train=replace(few.train, pixels=lambda rows: images[rows]),
    )
    few = replace(few, val=few.train)
    tasks = [task for key in full.heads if (task := TASKS[key](few)) is not None]
    anew = {task.name: an_epoch(few, epochs, [task], anew=True) for task in tasks}

    batch = max(head.batch for head in full.heads.values())
    noise = np.random.default_rng(2).normal(size=(batch * VIEWS_PER_OBJECT, features.shape[1])).astype(np.float32)
    many = context_of(noise, replace(full, seeds=seeds))
    alone = replace(many, parts=few.parts, seeds=(0,), protocol=few.protocol)
    all_steps = {task.name: an_epoch(many, epochs, [TASKS[task.name](many)], anew=False) for task in tasks}  # type: ignore[list-item]
    one_step = {task.name: an_epoch(alone, epochs, [TASKS[task.name](alone)], anew=False) for task in tasks}  # type: ignore[list-item]

    lengths = {task.name: full.heads[task.name].epochs for task in tasks}
    runs = {task.name: len(many.parts) * seeds * len(full.heads[task.name].grid) for task in tasks}
    steps = -(-TRAIN // batch)
    encodes = sum(runs[task.name] * lengths[task.name] * task.views for task in tasks) * (TRAIN + VAL)
    ours = (TRAIN + VAL) * VIEWS * image + steps * sum(lengths[t] * all_steps[t] for t in lengths)
    baseline = encodes * image + steps * sum(runs[t] * lengths[t] * one_step[t] for t in lengths)
    again = sum(anew.values()) / sum(task.views * objects * image for task in tasks)
    click.echo(f"{name}: ResNet-18 with {features.shape[1]} features at {resolution} px, {seeds} seeds, "
               f"{len(many.parts)} parts, {sum(runs.values())} heads, {torch.get_num_threads()} threads, "
               f"load {os.getloadavg()[0]:.1f}")  # fmt: skip
    click.echo(
        f"measured, CPU time: {1 / image:.0f} images/s; an epoch of {objects} objects that encodes again takes "
        f"{again:.2f} times what its images take; a step of batch {batch}: all heads {sum(all_steps.values()):.2f} s, "
        f"one head of each task {sum(one_step.values()):.2f} s"
    )
    click.echo(
        f"in full at 3DIEBench's size: {ours / 3600:.1f} h against {baseline / 3600:.0f} h, "
        f"{baseline / ours:.0f} times; by the count of encodes alone {encodes / ((TRAIN + VAL) * VIEWS):.0f} times"
    )


if __name__ == "__main__":
    main()
