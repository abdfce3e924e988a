"""The command `iebench card`."""

from pathlib import Path

import click

from iebench.manifests.dataset import DatasetInfo, checksums
from iebench.manifests.folder.checksums import INFO, SUMS, read_sums
from iebench.manifests.shell.answers import Forecast, answers, reply
from iebench.manifests.shell.cli import SETTINGS, examples
from iebench.manifests.shell.options import dataset_argument

from ..card.write import CROISSANT, README, write_card
from ..output.store import LocalStore


@click.command(
    context_settings=SETTINGS,
    epilog=examples(
        "iebench card data/builtin",
        "iebench card data/released",
        "iebench card data/builtin && iebench push data/builtin --to USER/NAME",
    ),
)
@dataset_argument
@answers(json=True, dry_run=True)
def card(dataset: Path, as_json: bool, dry_run: bool) -> None:
    """Write a dataset's README.md, croissant.json and SHA256SUMS again.

    Every new dataset has these files. Use this command if an older iebench made the dataset, or if its card is lost.
    """
    info = DatasetInfo.load(dataset)
    if dry_run:
        files = [str(dataset / name) for name in (README, CROISSANT, SUMS, INFO)]
        Forecast([str(dataset)], files, f"the card of {info.counts['classes']} classes", dataset).show(as_json)
        return
    known = read_sums(dataset, checksums(dataset))
    kept = {name: digest for name, digest in known.items() if name not in (README, CROISSANT)}
    write_card(dataset, info, kept, LocalStore(dataset).sizes())
    info.save(dataset, kept)
    written = [dataset / README, dataset / CROISSANT]
    reply(as_json, {"written": written}, [f"{written[0]} and {written[1]}: written"])
