"""The command `iebench card`."""

from pathlib import Path

import click

from iebench.manifests.dataset import DatasetInfo, checksums
from iebench.manifests.folder.checksums import read_sums
from iebench.manifests.shell.cli import SETTINGS, examples

from ..card.write import CROISSANT, README, write_card
from ..output.store import LocalStore


@click.command(
    context_settings=SETTINGS,
    epilog=examples(
        "iebench card data/builtin",
        "iebench card data/released",
        "iebench card data/builtin && huggingface-cli upload --repo-type dataset NAME data/builtin",
    ),
)
@click.argument("dataset", type=click.Path(path_type=Path))
def card(dataset: Path) -> None:
    """Write a dataset's README.md, croissant.json and SHA256SUMS again.

    Every new dataset has these files. Use this command if the dataset was made by an older iebench or lost its card.
    """
    info = DatasetInfo.load(dataset)
    known = read_sums(dataset, checksums(dataset))
    kept = {name: digest for name, digest in known.items() if name not in (README, CROISSANT)}
    write_card(dataset, info, kept, LocalStore(dataset).sizes())
    info.save(dataset, kept)
    click.echo(f"{dataset / README} and {dataset / CROISSANT}: written")
