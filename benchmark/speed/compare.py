"""Comparison of ours with the usual way, in one run on one machine: loading, the predictor, whole training steps.

python -m iebench.benchmark.speed.compare data/builtin
python -m iebench.benchmark.speed.compare data/builtin --only training --device cuda --batch 1024 --workers 8 --steps 50
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import click

from iebench.manifests.common.machine import cores
from iebench.manifests.common.progress import say

from ..data.images import Images
from ..distributed.device import pick
from . import loading, predictor, training
from .clock import machine
from .reference import lay_out

PARTS = ("loading", "predictor", "training")


@click.command(context_settings={"show_default": True})
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--only", type=click.Choice(PARTS), multiple=True, help="Some of it.", show_default="all")
@click.option("--resolution", type=int, help="Side of the images in pixels.", show_default="the stored one")
@click.option("--rounds", default=5, help="Turns that each way takes; medians are printed.")
@click.option("--seconds", default=2.0, help="Of each loader in a turn.")
@click.option("--pairs", default=64, help="In a batch of the loaders.")
@click.option("--dim", default=1024, help="Width of the predictor and the projectors.")
@click.option("--predictor-batches", default="64,256,1024", help="Batch sizes of the predictor.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", help="Of predictor and training.")
@click.option("--batch", default=64, help="Pairs in a batch of training.")
@click.option("--width", default=1.0, help="Of the ResNet-18 that is trained.")
@click.option("--steps", default=5, help="Of training in a turn.")
@click.option("--workers", default=cores(), help="That load for training; the loaders are measured with 1 and 2.")
def main(
    data: Path, only: tuple[str, ...], resolution: int | None, rounds: int, seconds: float, pairs: int, dim: int,
    predictor_batches: str, device: str, batch: int, width: float, steps: int, workers: int,
) -> None:  # fmt: skip
    """Measure DATA's train split with a warm page cache, and print images/s, milliseconds, bytes and ratios."""
    parts, where = only or PARTS, pick(device)
    images = Images.open(data, "train")
    size = resolution or images.resolution
    click.echo(f"{machine()}\n{data.name}: {len(images)} images of {images.resolution} px, used at {size} px")
    with TemporaryDirectory() as folder:
        files = Path(folder)
        if set(parts) & {"loading", "training"}:
            lay_out(images, files)
        if "loading" in parts:
            for count in (1, 2):
                say(f"loading with {count}")
                split = Images.open(data, "train", threads=count)
                times = loading.measure(split, files, size, pairs, count, seconds, rounds)
                click.echo("\n".join(loading.report(times, count)))
        if "predictor" in parts:
            click.echo(f"width {dim}, float32, forward and backward: {predictor.COLUMNS}")
            for number in map(int, predictor_batches.split(",")):
                say(f"predictor at batch {number}")
                for row in predictor.measure(number, dim, max(2, rounds // 2), where):
                    click.echo(row.line)
        if "training" in parts:
            say("training")
            setting = training.Setting(batch, size, width, dim, workers, where, bf16=where.type == "cuda")
            split = Images.open(data, "train", threads=workers)
            result = training.measure(split, files, setting, steps, rounds)
            used = training.busy(split, setting, 4 * steps) if where.type == "cuda" else []
            click.echo("\n".join(training.report(result, setting, used)))


if __name__ == "__main__":
    main()
