"""The commands about a finished dataset: `iebench verify`, `inspect`, `view`."""

import os
from pathlib import Path

import click

from iebench.manifests.common.cli import SETTINGS, examples

DATASET = click.argument("dataset", type=click.Path(path_type=Path))
SOURCE = click.option(
    "--source", metavar="PATH", help="Where the objects are, to render them again; not needed for built-in ones."
)
DEVICE = click.option(
    "--device", default="cpu", metavar="cpu|auto|optix|cuda|hip|metal|oneapi", help="What renders again."
)


@click.command(
    context_settings=SETTINGS,
    epilog=examples(
        "iebench verify data/builtin",
        "iebench verify data/builtin --rerender 20",
        "iebench verify data/shapenet --rerender 20 --source ShapeNetCore.v2",
    ),
)
@DATASET
@click.option("--rerender", type=click.IntRange(0), default=0, metavar="N", help="Render N random samples again.")
@SOURCE
@DEVICE
@click.option("--jobs", type=click.IntRange(1), help="Processes at most.  [default: one a core]")
def verify(dataset: Path, rerender: int, source: str | None, device: str, jobs: int | None) -> int:
    """Check every byte of a dataset: files, tables, tars, pictures and latents.

    Exit code 0 when all is as it was made, 1 otherwise; then every failure names its file and sample.
    """
    from .verify import verify as verify_dataset

    report = verify_dataset(dataset, jobs or os.cpu_count() or 1, rerender, source, device)
    for line in report.lines():
        click.echo(line)
    return 0 if report.ok else 1
