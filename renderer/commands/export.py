"""The command `iebench export`."""

from pathlib import Path

import click

from iebench.manifests.shell.answers import Forecast, answers, reply
from iebench.manifests.shell.cli import SETTINGS, examples
from iebench.manifests.shell.values import DATASET

from .paths import OUTPUT

LAYOUTS = ("sie-folder",)


@click.command(
    context_settings=SETTINGS,
    epilog=examples(
        "iebench export sie-folder data/builtin exported",
        "iebench export sie-folder data/builtin exported --dry-run",
        "iebench export sie-folder data/builtin exported && iebench import sie-folder exported again   # the same",
    ),
)
@click.argument("layout", type=click.Choice(LAYOUTS))
@click.argument("dataset", type=DATASET)
@click.argument("out", type=OUTPUT)
@answers(json=True, dry_run=True)
def export(layout: str, dataset: Path, out: Path, as_json: bool, dry_run: bool) -> None:
    """Write a dataset in the folder layout of the published 3DIEBench.

    The layout sie-folder has a JPEG and an .npy of latents for each view, and index files in OUT/data, so that the
    scripts of facebookresearch/SIE and of EquiCaps run inside OUT. JPEGs are copied unchanged. After an interruption,
    run the same command again.
    """
    from ..exporting.folder import Export, write_folder

    exported = Export.of(dataset, out)
    work = f"{exported.files:,} files of {exported.images:,} images"
    if dry_run:
        Forecast([str(dataset)], [str(out)], work, out, disk=exported.bytes).show(as_json)
        return
    write_folder(exported)
    notes = list(exported.notes())
    table = {"folder": out, "images": exported.images, "fingerprint": exported.info.fingerprint, "notes": notes}
    reply(as_json, table, [f"{out}: {work}, index files in {out / 'data'}", *notes])
