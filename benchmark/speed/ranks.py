"""Speed of several ranks on CPUs relative to one rank for the same step, measured in one run.

python -m iebench.benchmark.speed.ranks --batch 64 --side 64
"""

import json
import os
import tempfile
import time
from pathlib import Path

import click
import torch

from iebench.baselines.action import ROTATION
from iebench.baselines.method import build
from iebench.baselines.methods.sie import SIESettings
from iebench.baselines.networks.encoder import EncoderSettings
from iebench.manifests.common.machine import cores

from ..commands.launch import launch
from ..distributed.ranks import joined
from ..training.config import TrainSettings
from ..training.step import prepare


def measure(batch: int, side: int, width: float, steps: int, out: Path) -> None:
    """Time steps of SIE on random images, each rank on one thread with its share; the first rank writes its seconds.

    Times are wall time and the rank's own CPU time, which other work on the machine does not affect.
    """
    torch.set_num_threads(1)
    with joined("cpu") as ranks:
        torch.manual_seed(0)
        method = build("sie", SIESettings((512, 512, 512)), EncoderSettings(width)).train()
        network = prepare(method, TrainSettings(batch=batch), ranks)
        optimizer = torch.optim.Adam(method.parameters())
        share = ranks.share(batch)
        images = torch.rand(batch, 2, 3, side, side)[share]
        latents = {name: torch.rand(batch, 2, dtype=torch.float64)[share] for name in ROTATION}
        times = []
        for _ in range(steps + 1):  # the first step is a warm-up
            start, used = time.perf_counter(), time.process_time()
            optimizer.zero_grad()
            torch.autograd.backward(network(images, latents)["loss"])
            optimizer.step()
            times.append((time.perf_counter() - start, time.process_time() - used))
        if ranks.first:
            out.write_text(json.dumps(times[1:]))


@click.command()
@click.option("--ranks", default=2, show_default=True)
@click.option("--batch", default=64, show_default=True, help="Objects in a batch.")
@click.option("--side", default=64, show_default=True, help="Of the images, in pixels.")
@click.option("--width", default=0.5, show_default=True, help="Of the ResNet-18.")
@click.option("--rounds", default=3, show_default=True, help="Of one rank and of several, in turn.")
@click.option("--steps", default=4, show_default=True, help="In each round.")
def main(ranks: int, batch: int, side: int, width: float, rounds: int, steps: int) -> None:
    """Time a step of SIE on random images by one process and by several."""
    times: dict[int, list[tuple[float, float]]] = {1: [], ranks: []}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            for size, measured in times.items():
                launch(size, measure, batch, side, width, steps, Path(folder) / "times.json")
                measured.extend(json.loads((Path(folder) / "times.json").read_text()))
    (single, single_cpu), (several, several_cpu) = (
        [sorted(column)[len(column) // 2] for column in zip(*measured, strict=True)] for measured in times.values()
    )
    load = os.getloadavg()[0]
    click.echo(f"load {load:.1f} on {cores()} cores, torch {torch.__version__}, medians of {rounds * steps} steps")
    click.echo(f"batch {batch} at {side} pixels: 1 rank {single:.3f} s, {ranks} ranks {several:.3f} s a step")
    click.echo(f"{ranks} ranks are {single / several:.2f} times as fast")
    click.echo(
        f"CPU time of a rank: {single_cpu:.3f} s and {several_cpu:.3f} s, {single_cpu / several_cpu:.2f} times less"
    )


if __name__ == "__main__":
    main()
