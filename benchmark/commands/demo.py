"""`iebench demo`: the whole workflow on a small scale: render, train, score, compare."""

import os
import shlex
import sys
import time
from contextlib import nullcontext, redirect_stdout
from functools import partial
from pathlib import Path

import click

from iebench.manifests.common.progress import duration
from iebench.manifests.installed.parts import require
from iebench.manifests.shell.answers import Forecast, answers, print_json
from iebench.manifests.shell.cli import SETTINGS, examples

from ..distributed.environment import check_once


@click.command(
    context_settings=SETTINGS,
    epilog=examples(
        "iebench demo",
        "iebench demo --out elsewhere",
        "iebench demo --out elsewhere   # again: it continues where it stopped",
    ),
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("demo"),
    help="Folder for the dataset, runs, scores and report.",
)
@answers(json=True, dry_run=True)
def demo(out: Path, dry_run: bool, as_json: bool) -> int:
    """Render, train, score and report on a small scale: the whole path.

    It trains SIE, VICReg, EquIN and an encoder that is supervised by the rotations; an untrained encoder is scored too.
    Every command is printed before it runs. A second call continues after the last finished step.
    """
    check_once("demo", os.environ)
    for module in ("bpy", "torch"):  # before minutes of work, not after
        require(module)
    from ..demo.plan import MINUTES, Plan  # imports torch
    from ..demo.run import WITH_FAILURES, as_process, run, side_by_side

    start = time.monotonic()
    plan = Plan.of(out)
    if dry_run:
        left = [f"iebench {shlex.join(step.arguments)}" for step in plan.steps if not step.done]
        if not as_json:
            click.echo("\n".join(f"$ {line}" for line in left) or "everything is made")
        work = f"{len(left)} of {len(plan.steps)} commands; all of them take about {MINUTES} minutes on two cores"
        Forecast([], [str(out)], work, out).show(as_json, {"commands": left})
        return 0
    execute = partial(as_process, visible=not as_json)
    with redirect_stdout(sys.stderr) if as_json else nullcontext():
        code = run(plan, execute, lambda chains: side_by_side(plan, chains))
    if as_json:
        made = {"data": plan.data, "runs": plan.runs, "scores": plan.scores, "files": [s.makes for s in plan.compare]}
        print_json({**made, "code": code, "seconds": round(time.monotonic() - start, 1)})
    elif code in (0, WITH_FAILURES):
        click.echo(f"\n$ iebench {shlex.join(plan.table)}")
        code = as_process(plan.table) or code
        click.echo(f"\npictures and curves   {out / 'report.html'}   (open it in a browser)")
        click.echo(f"dataset               {plan.data}")
        click.echo(f"runs and scores       {plan.runs}")
        click.echo(f"table as Markdown     {out / 'table.md'}")
        click.echo(f"in all {duration(time.monotonic() - start)}")
    return code
