"""`iebench runs`: list, filter, compare, prune and continue runs."""

import shlex
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from iebench.manifests.common.machine import DEVICES
from iebench.manifests.common.space import size
from iebench.manifests.shell.answers import answers, print_json
from iebench.manifests.shell.cli import SETTINGS, examples
from iebench.manifests.shell.values import RUN, Named
from iebench.manifests.text.plain_text import cleaned

if TYPE_CHECKING:
    from .rows import Row

PARTS = ("checkpoint", "kept", "features")  # those of prune.FILES, which imports torch


@click.command(
    context_settings=SETTINGS,
    epilog=examples(
        "iebench runs method=sie 'lr>1e-3' status=done",
        "iebench runs --compare runs/sie runs/sie-wide",
        "iebench runs --resume --dry-run",
        "iebench runs status=done --prune checkpoint,features",
    ),
)
@click.argument("conditions", nargs=-1, metavar="[FILTER]...")
@click.option(
    "--root", type=click.Path(path_type=Path, file_okay=False), default=Path("runs"), help="Folder of the runs."
)
@click.option(
    "--compare", "pair", type=RUN, nargs=2, metavar="RUN RUN",
    help="Show the settings, last logged values and scores that differ between two runs.",
)  # fmt: skip
@click.option(
    "--prune", "parts", type=Named(lambda: PARTS, lists=True), metavar="PART,PART",
    help="Delete files that can be made again: checkpoint (checkpoint.pt of finished runs), kept (checkpoints/), "
    "features. Without --yes: list them, and stop. The only good weights of a run are never deleted.",
)  # fmt: skip
@click.option("--yes", is_flag=True, help="Delete what --prune lists.")
@click.option("--resume", is_flag=True, help="Continue all unfinished runs, one after another.")
@click.option("--device", type=click.Choice(DEVICES), default="auto", help="Device for --resume.")
@answers(json=True, dry_run=True)
def runs(
    conditions: tuple[str, ...], root: Path, pair: tuple[Path, Path] | None, parts: str | None, yes: bool, resume: bool,
    device: str, as_json: bool, dry_run: bool,
) -> int:  # fmt: skip
    """List runs with their status, last loss and scores.

    A FILTER is NAME=VALUE, or !=, <, <=, >, >= in place of =. A name is run, method, data, seed, status (done or
    unfinished), step, scores (their number), any setting of training (lr is short for learning_rate, wd for
    weight_decay), a method's setting as method.NAME, a logged value such as loss, or a metric of score.json such as
    top1. --prune and --resume take the runs that the filters keep. A damaged run is reported and left out; the exit
    code is then 3.
    """
    from ..errors import RunError  # the others import torch; here, so that --help is quick
    from .filters import check_names, parsed
    from .rows import folders, row, rows_in
    from .tables import compared, screen, table

    if sum((pair is not None, parts is not None, resume)) > 1 or (pair is not None and conditions):
        raise click.UsageError("give one of --compare, --prune and --resume, and filters only without --compare")
    if (yes and parts is None) or (dry_run and not resume and parts is None):
        raise click.UsageError("--yes is for --prune, and --dry-run for --prune and --resume")
    filters = parsed(conditions)
    if pair is not None:
        first, second = map(row, pair)
        print_json([table(first), table(second)]) if as_json else click.echo(compared(first, second))
        return 0
    rows, damaged = rows_in(folders(root))
    if not rows and not damaged:
        raise RunError(f"no run under {root}/: run `iebench train --method sie` first, or name the folder with --root")
    check_names(filters, sorted({name for known in rows for name in known.values}))
    kept, code = [known for known in rows if all(condition.keeps(known.values) for condition in filters)], 0
    if parts is not None:
        code = _prune(kept, parts, yes and not dry_run, as_json)
    elif resume:
        code = _resume(kept, device, dry_run, as_json)
    elif as_json:
        print_json([table(known) for known in kept])
    elif kept:
        click.echo(screen(kept, [condition.name for condition in filters]))
    else:
        click.echo(f"none of {len(rows)} runs meets {' '.join(conditions)}")
    for fault in damaged:
        click.echo(f"iebench: {fault}", err=True)
    return 3 if damaged else code


def _prune(rows: Sequence["Row"], names: str, delete: bool, as_json: bool) -> int:
    """Delete parts of runs, or list what would be deleted; return the exit code, 3 if a run could not be pruned."""
    from ..errors import RunHeld, UnknownName
    from .prune import prunable, prune

    parts = list(dict.fromkeys(name.strip() for name in names.split(",")))
    for name in parts:
        if name not in PARTS:
            raise UnknownName("part of a run", name, PARTS)
    chosen, busy = [], []
    for row in rows:
        try:
            chosen.append(prune(row.folder, parts) if delete else prunable(row.folder, parts))
        except RunHeld as error:
            busy.append(error)
    total = sum(pruning.bytes for pruning in chosen)
    if as_json:
        entries: list[dict[str, Any]] = [vars(pruning) for pruning in chosen if pruning.paths or pruning.kept]
        print_json({"deleted": delete, "bytes": total, "runs": entries})
    else:
        verb = "deleted" if delete else "would be deleted"
        for pruning in chosen:
            for path in pruning.paths:
                click.echo(f"{cleaned(str(path))}: {verb}")
            for clause in pruning.kept:
                click.echo(f"{cleaned(str(pruning.run))}: {cleaned(clause)}")
        click.echo(f"{size(total)} {verb}{'' if delete or not total else '; add --yes to delete them'}")
    for fault in busy:
        click.echo(f"iebench: {fault}", err=True)
    return 3 if busy else 0


def _resume(rows: Sequence["Row"], device: str, dry_run: bool, as_json: bool) -> int:
    """Continue the unfinished runs, or list their commands; return the exit code, 3 if one failed."""
    from ..distributed.device import pick
    from ..distributed.signals import stop_requested
    from ..sweep.engines import local_outcomes
    from .resume import command, resumable, resume

    todo, busy = resumable(row.folder for row in rows)
    commands = [f"iebench {shlex.join(command(run, device))}" for run in todo]
    for run in busy if not as_json else ():
        click.echo(f"{cleaned(str(run))}: skipped, another process trains it")
    if dry_run:
        if as_json:
            print_json({"dry_run": True, "commands": commands, "skipped": busy})
        else:
            click.echo("\n".join(f"$ {line}" for line in commands) or "no run is unfinished")
        return 0
    with stop_requested() as stop:
        outcomes = partial(local_outcomes, at_once=1, device=pick(device).type, stop=stop.is_set)
        ended = resume(todo, device, stop.is_set, outcomes) if todo else []
    failed = [outcome for outcome in ended if outcome.code]
    if as_json:
        print_json(
            {
                "finished": [outcome.name for outcome in ended if not outcome.code],
                "skipped": busy,
                "failed": {outcome.name: outcome.reason for outcome in failed},
            }
        )
    else:
        click.echo(f"{len(ended) - len(failed)} of {len(todo)} unfinished runs finished")
    for outcome in failed:
        click.echo(f"iebench: {outcome.name} failed: {outcome.reason}; its output is in {outcome.name}.log", err=True)
    return 3 if failed else 0
