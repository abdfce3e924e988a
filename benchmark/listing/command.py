"""`iebench runs`: list, filter and compare runs."""

import json
from pathlib import Path

import click

from iebench.manifests.shell.cli import SETTINGS, examples


@click.command(
    context_settings=SETTINGS,
    epilog=examples(
        "iebench runs",
        "iebench runs method=sie 'lr>1e-3' status=done",
        "iebench runs --compare runs/sie runs/sie-wide",
    ),
)
@click.argument("conditions", nargs=-1, metavar="[FILTER]...")
@click.option(
    "--root", type=click.Path(path_type=Path, file_okay=False), default=Path("runs"), help="Folder of the runs."
)
@click.option(
    "--compare", "pair", type=click.Path(path_type=Path), nargs=2, metavar="RUN RUN",
    help="Show the settings, last logged values and scores that differ between two runs.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print all values of each run as JSON.")
def runs(conditions: tuple[str, ...], root: Path, pair: tuple[Path, Path] | None, as_json: bool) -> int:
    """List runs with their status, last loss and score.

    A FILTER is NAME=VALUE, or !=, <, <=, >, >= in place of =. A name is run, method, data, seed, status (done or
    unfinished), step, any setting of training (lr is short for learning_rate, wd for weight_decay), a method's setting
    as method.NAME, a logged value such as loss, or a metric of its score such as top1. A damaged run is reported and
    left out; the exit code is then 3.
    """
    from ..errors import IebenchError, RunError  # the others import torch; here, so that --help is quick
    from .filters import check_names, parsed
    from .rows import folders, row
    from .tables import compared, finite, screen

    if pair is not None and conditions:
        raise click.UsageError("give filters or --compare")
    filters, rows, damaged = parsed(conditions), [], []
    for folder in pair or folders(root):
        try:
            rows.append(row(folder))
        except IebenchError as error:
            if pair is not None:
                raise
            damaged.append(error)
    if not rows and not damaged:
        raise RunError(f"no run under {root}/: run `iebench train --method sie` first, or name the folder with --root")
    check_names(filters, sorted({name for known in rows for name in known.values}))
    kept = [known for known in rows if all(condition.keeps(known.values) for condition in filters)]
    if as_json:
        click.echo(json.dumps([finite({**known.values, "folder": str(known.folder)}) for known in kept], indent=1))
    elif pair is not None:
        click.echo(compared(rows[0], rows[1]))
    elif kept:
        click.echo(screen(kept, [condition.name for condition in filters]))
    else:
        click.echo(f"none of {len(rows)} runs meets {' '.join(conditions)}")
    for fault in damaged:
        click.echo(f"iebench: {fault}", err=True)
    return 3 if damaged else 0
