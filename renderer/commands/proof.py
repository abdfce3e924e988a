"""The commands for a finished dataset: `iebench verify`, `inspect`, `view`."""

from pathlib import Path

import click

from iebench.manifests.common.machine import check_processes, cores
from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.installed.parts import require
from iebench.manifests.schema import SPLITS
from iebench.manifests.shell.answers import Forecast, answers, print_json, reply
from iebench.manifests.shell.cli import SETTINGS, examples
from iebench.manifests.shell.options import dataset_argument, workers_option

from ..blender.devices import NAMES
from .paths import OUTPUT
from .paths import SOURCE as LOCAL

SOURCE = click.option(
    "--source", metavar="PATH", help="Source of the objects, for rendering again; not needed for built-in objects."
)
IMAGES = click.option(
    "--images", type=LOCAL,
    help="Folder of the floor's images, for rendering again; not needed for images that iebench ships.",
)  # fmt: skip
DEVICE = click.option("--device", default="cpu", metavar="|".join(NAMES), help="Device for rendering again.")


@click.command(
    context_settings=SETTINGS,
    epilog=examples(
        "iebench verify data/builtin",
        "iebench verify data/builtin --rerender 20",
        "iebench verify data/shapenet --rerender 20 --source ShapeNetCore.v2",
    ),
)
@dataset_argument
@click.option(
    "--rerender", type=click.IntRange(0), default=0, metavar="N", help="Number of random samples to render again."
)
@SOURCE
@IMAGES
@DEVICE
@workers_option
@answers(json=True)
def verify(
    dataset: Path,
    rerender: int,
    source: str | None,
    images: Path | None,
    device: str,
    workers: int | None,
    as_json: bool,
) -> int:
    """Check every byte of a dataset: files, tables, pictures, latents.

    The exit code is 0 if the dataset is unchanged, otherwise 1. Every failure names the file, and the sample or shard.
    """
    from ..proof.rerender import Origin
    from ..proof.verify import verify as verify_dataset

    processes = check_processes(workers or cores(), "--workers")
    report = verify_dataset(dataset, processes, rerender, Origin(source, images), device)
    if as_json:
        print_json({"dataset": dataset, **vars(report), "failures": [vars(failure) for failure in report.failures]})
    else:
        for line in report.lines():
            click.echo(line)
    return 0 if report.ok else 1


@click.command(
    context_settings=SETTINGS,
    epilog=examples(
        "iebench inspect data/builtin",
        "iebench inspect data/builtin --out pages/builtin",
        "iebench inspect data/3diebench && open inspect/3diebench/index.html",
    ),
)
@dataset_argument
@click.option("--out", type=OUTPUT, help="Folder to write.  [default: inspect/DATASET]")
@answers(json=True, dry_run=True)
def inspect(dataset: Path, out: Path | None, as_json: bool, dry_run: bool) -> None:
    """Show a dataset as PNG files and an HTML page: views, laws, objects."""
    require("matplotlib")
    from ..proof.inspect import inspect as inspect_dataset

    folder = out or Path("inspect") / dataset.resolve().name
    if dry_run:
        counts = DatasetInfo.load(dataset).counts
        work = f"a page of {sum(counts[split]['images'] for split in SPLITS):,} views, with pictures of some of them"
        Forecast([str(dataset)], [str(folder)], work, folder).show(as_json)
        return
    paths = list(inspect_dataset(dataset, folder))
    reply(as_json, {"written": paths}, map(str, paths))


@click.command(
    context_settings=SETTINGS,
    epilog=examples(
        "iebench view data/builtin 03797390_00004_007",
        "iebench view data/builtin 03797390_00004_007 --rerender --out mug.png",
        "iebench view data/3diebench 03797390_1038e4eac0e18dcce02ae6d2a21d494a_000 --rerender --source ShapeNetCore.v2",
    ),
)
@dataset_argument
@click.argument("key")
@click.option("--rerender", is_flag=True, help="Render the sample again and show both, with their difference.")
@SOURCE
@IMAGES
@DEVICE
@click.option("--out", type=OUTPUT, help="PNG file to write.  [default: KEY.png]")
@answers(json=True)
def view(
    dataset: Path, key: str, rerender: bool, source: str | None, images: Path | None, device: str, out: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Show one sample with its latents, as text and as a PNG."""
    require("matplotlib")
    from ..proof.rerender import Origin
    from ..proof.view import view as view_sample

    path = out or Path(f"{key}.png")
    lines = view_sample(dataset, key, path, rerender, Origin(source, images), device)
    if as_json:
        from iebench.manifests.reading.samples import Samples

        row = Samples(dataset, DatasetInfo.load(dataset)).find(key).row
        print_json({**row, "picture": path, "rerender": lines[-1] if rerender else None})
        return
    for line in (*lines, str(path)):
        click.echo(line)
