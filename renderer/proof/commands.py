"""The commands about a finished dataset: `iebench verify`, `inspect`, `view`."""

import os
import time
from pathlib import Path

import click

from iebench.manifests.common.cli import SETTINGS, examples
from iebench.manifests.common.progress import duration

DATASET = click.argument("dataset", type=click.Path(path_type=Path))


@click.command(
    context_settings=SETTINGS,
    epilog=examples(
        "iebench verify data/builtin",
        "iebench verify data/builtin --jobs 8",
        "iebench verify data/builtin && iebench train --data data/builtin",
    ),
)
@DATASET
@click.option("--jobs", type=click.IntRange(1), help="Processes at most.  [default: one a core]")
def verify(dataset: Path, jobs: int | None) -> int:
    """Check every byte of a dataset: files, tables, tars, pictures and latents.

    Exit code 0 when all is as it was made, 1 otherwise; then every failure names its file and sample.
    """
    from .verify import verify as verify_dataset

    start, size = time.monotonic(), sum(path.stat().st_size for path in dataset.rglob("*") if path.is_file())
    report = verify_dataset(dataset, jobs or os.cpu_count() or 1)
    seconds = time.monotonic() - start
    rate = f"{size / 1e6:,.1f} MB in {duration(seconds)}, {size / 1e6 / seconds:,.0f} MB/s"
    for line in (*report.lines(), f"{dataset}: {report.images} images, {rate}"):
        click.echo(line)
    return 0 if report.ok else 1
