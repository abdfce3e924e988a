"""`iebench push` and `iebench pull`: folders to and from repositories of the Hugging Face Hub."""

from pathlib import Path

import click

from iebench.manifests.common.space import size
from iebench.manifests.installed.parts import require
from iebench.manifests.shell.answers import Forecast, answers, reply
from iebench.manifests.shell.cli import SETTINGS, examples


@click.command(
    context_settings=SETTINGS,
    epilog=examples(
        "iebench push data/mini --to USER/mini",
        "iebench push runs/sie-mini-s0 --to USER/sie-mini --private",
        "iebench push data/mini --to USER/mini --dry-run",
        "iebench report --space page && iebench push page --to USER/board",
    ),
)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--to", "address", metavar="USER/NAME", required=True, help="Repository; it is made if it does not exist."
)
@click.option("--private", is_flag=True, help="Make a repository that only its owner can read.")
@click.option("--checkpoint", is_flag=True, help="Also push a run's checkpoint.pt, from which training continues.")
@answers(json=True, dry_run=True)
def push(folder: Path, address: str, private: bool, checkpoint: bool, dry_run: bool, as_json: bool) -> None:
    """Push a dataset, a run, scores or a page to the Hugging Face Hub.

    FOLDER says by its files what it is. A dataset and a folder of scores go to a dataset repository, a run to a model
    repository, the folder of `iebench report --space` to a Space. Only missing and changed files are sent, and a push
    that was stopped continues. A run's card with its scores is made anew. Without --private everybody can read it.
    """
    require("huggingface_hub")
    from .push import planned

    plan = planned(folder, address, private, checkpoint)
    files = [{"path": name, "bytes": plan.sizes[name]} for name in plan.sent]
    kept = len(plan.sizes) - len(plan.sent)
    amount = f"{len(plan.sent)} files, {size(plan.bytes)}"
    facts = {"kind": plan.kind.name, "repository": str(plan.repository), "url": plan.repository.page, "files": files}
    if dry_run:
        work = f"{amount} to send; {kept} files are there"
        Forecast([str(folder)], [plan.repository.page], work, folder).show(as_json, {**facts, "kept": kept})
        _list(as_json, files)
        return
    commit = plan.send(private)
    line = f"{plan.repository.page}: {amount} sent; {kept} files were there"
    reply(as_json, {**facts, "kept": kept, "bytes": plan.bytes, "commit": commit}, [line])


@click.command(
    context_settings=SETTINGS,
    epilog=examples(
        "iebench pull USER/mini",
        "iebench pull USER/sie-mini --out runs/theirs",
        "iebench pull datasets/USER/mini --revision v1 --dry-run",
    ),
)
@click.argument("address", metavar="USER/NAME")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder to write.",
    show_default="data/NAME, runs/NAME, scores/NAME or spaces/NAME",
)  # fmt: skip
@click.option("--revision", help="Branch, tag or commit.", show_default="the newest commit")
@answers(json=True, dry_run=True)
def pull(address: str, out: Path | None, revision: str | None, dry_run: bool, as_json: bool) -> None:
    """Pull a dataset, a run, scores or a page from the Hugging Face Hub.

    Every file is checked against the hash of the repository, and those of a dataset against its SHA256SUMS too. A pull
    that was stopped continues. A folder that holds anything else is left as it is. USER/NAME may have datasets/,
    models/ or spaces/ in front, and may be the address of the repository's page.
    """
    require("huggingface_hub")
    from .pull import planned

    plan = planned(address, out, revision)
    files = [{"path": name, "bytes": plan.entries[name].size} for name in plan.missing]
    kept = len(plan.entries) - len(plan.missing)
    amount = f"{len(plan.missing)} files, {size(plan.bytes)}"
    facts = {"kind": plan.kind.name, "repository": str(plan.repository), "commit": plan.commit, "out": plan.out}
    facts |= {"files": files, "kept": kept}
    if dry_run:
        work = f"{amount} to receive; {kept} files are there"
        forecast = Forecast([plan.repository.page], [str(plan.out)], work, plan.out, disk=plan.bytes)
        forecast.show(as_json, facts)
        _list(as_json, files)
        return
    plan.receive()
    line = f"{plan.out}: the {plan.kind.name} {plan.repository}, {amount} received and checked; {kept} files were there"
    reply(as_json, {**facts, "bytes": plan.bytes}, [line])


def _list(as_json: bool, files: list[dict[str, object]]) -> None:
    """Print the files that would travel, unless JSON has them."""
    for file in [] if as_json else files:
        click.echo(f"{size(float(str(file['bytes']))):>10}  {file['path']}")
