"""The command `iebench import`."""

from pathlib import Path

import click

from iebench.manifests.common.machine import check_processes, cores
from iebench.manifests.schema import SPLITS
from iebench.manifests.shell.answers import Forecast, answers
from iebench.manifests.shell.cli import SETTINGS, examples
from iebench.manifests.shell.values import Named
from iebench.manifests.text.plain_text import check_name, cleaned

from ..errors import SourceError, UsageError
from ..estimate import expected_bytes, plan_bytes
from ..importing.published import PUBLISHED, published_plan
from .paths import OUTPUT, SOURCE
from .render import announce

EXPORTED = "sie-folder"  # a folder written by `iebench export`


@click.command(
    "import",
    context_settings=SETTINGS,
    epilog=examples(
        "iebench import 3diebench 3DIEBench.tar.gz data/3diebench-released",
        "iebench import 3diebench-t 3DIEBench-T data/3diebench-t-released --workers 8",
        "iebench import 3diebench 3DIEBench data/smoke --limit 20",
        "iebench import sie-folder exported data/again    # after: iebench export sie-folder data/builtin exported",
    ),
)
@click.argument("name", type=Named(lambda: (*PUBLISHED, EXPORTED)), metavar="|".join((*PUBLISHED, EXPORTED)))
@click.argument("source", type=SOURCE)
@click.argument("out", type=OUTPUT)
@click.option(
    "--views",
    type=click.IntRange(1, 1000),
    metavar="N",
    default=50,
    help="Views of each object; an object with fewer views fails.",
)
@click.option(
    "--resolution", type=click.IntRange(8, 4096), default=256, metavar="PIXELS", help="Width and height of the images."
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    metavar="N",
    help="Number of processes that check and pack.  [default: one per core]",
)
@click.option(
    "--limit", type=click.IntRange(1), metavar="N", help="Import N objects only, spread over the official list."
)
@answers(json=True, dry_run=True)
def import_(
    name: str, source: Path, out: Path, views: int, resolution: int, workers: int | None, limit: int | None,
    as_json: bool, dry_run: bool,
) -> int:  # fmt: skip
    """Convert a published dataset into iebench's format and check it.

    The JPEGs are copied unchanged. SOURCE is a folder, a tar or a tar.gz. After an interruption, or once the source is
    repaired, run the same command again: it makes the missing shards, and shards in which an object could not be used.

    With sie-folder, SOURCE is a folder of `iebench export`, and the result is the exported dataset, byte for byte.
    """
    from ..importing.page import page  # these need packages of [render]; --help works without them
    from ..importing.run import import_dataset

    check_name(out.absolute().name, "OUT: the dataset's name")
    if name == EXPORTED:
        return _read_back(source, out, as_json, dry_run)
    plan = published_plan(name, views, resolution, limit)
    if dry_run:
        if not source.exists():
            raise SourceError(f"no such file or folder: {source}; give the published folder, tar or tar.gz")
        work = f"{len(plan.objects):,} objects of the official list, {plan.images:,} images of {resolution} pixels"
        Forecast([str(source)], [str(out)], work, out, disk=plan_bytes(plan)).show(as_json)
        return 0
    info, audit = import_dataset(plan, source, out, check_processes(workers or cores(), "--workers"))
    if not as_json:
        click.echo(cleaned(page(audit, plan.recipe), lines=True))
    return announce(info, str(out), as_json)


def _read_back(source: Path, out: Path, as_json: bool, dry_run: bool) -> int:
    """Import a folder of `iebench export`.

    Raises
    ------
    UsageError : an option is given whose value the exported folder determines.
    """
    from ..exporting.back import exported, read_back

    context = click.get_current_context()
    refused = [
        name
        for name in ("views", "resolution", "workers", "limit")
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
    ]
    if refused:
        raise UsageError(f"--{refused[0]} is for published data: leave it out, since {source} is a whole dataset")
    if dry_run:
        info = exported(source)[0]
        images = sum(int(info.counts[split]["images"]) for split in SPLITS)
        work = f"{images:,} images of {info.recipe.resolution} pixels"
        disk = images * expected_bytes(info.recipe)
        Forecast([str(source)], [str(out)], work, out, disk=disk).show(as_json)
        return 0
    return announce(read_back(source, out), str(out), as_json)
