"""`iebench sweep`: train and score many runs, and write one table."""

import os
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from iebench.manifests.shell.answers import answers, print_json
from iebench.manifests.shell.cli import SETTINGS, examples, pairs
from iebench.manifests.shell.options import data_option, device_option, runs_option
from iebench.manifests.shell.values import of_kind
from iebench.manifests.text.plain_text import cleaned

if TYPE_CHECKING:
    from ..sweep.job import Job
    from ..sweep.plan import Planned, State, Sweep

CPUS = 8  # default cores of a cluster's job, for decoding images


@click.command(
    context_settings=SETTINGS,
    epilog=examples(
        "iebench sweep results --data data/builtin",
        "iebench sweep mine.toml --jobs 4 --dry-run",
        "iebench sweep fair --engine slurm --slurm partition=gpu --slurm time=2880",
    ),
)
@click.argument("sweep", type=of_kind("sweep"), metavar="NAME|FILE.toml")
@data_option
@runs_option
@click.option("--table", type=click.Path(path_type=Path), help="Markdown file to write.", show_default="OUT/NAME.md")
@click.option(
    "--jobs",
    type=click.IntRange(1),
    metavar="N",
    help="Number of runs at a time.",
    show_default="1 here, all on a cluster",
)
@click.option(
    "--engine",
    type=click.Choice(["local", "slurm"]),
    default="local",
    help="Processes on this machine, or jobs of a Slurm queue.",
)
@click.option(
    "--slurm", multiple=True, metavar="KEY=VALUE",
    help="Option of sbatch; also folder=PATH for scripts and logs, cluster=local for a trial here. Repeatable.",
)  # fmt: skip
@device_option
@answers(json=True, dry_run=True)
def sweep(
    sweep: str, data: Path | None, out: Path, table: Path | None, jobs: int | None, engine: str,
    slurm: tuple[str, ...], device: str, dry_run: bool, as_json: bool,
) -> int:  # fmt: skip
    """Train and score methods x settings x seeds, and write a table.

    A small TOML file lists methods, settings and seeds. Runs are in OUT/METHOD-DATASET-sSEED, as from `iebench train`.
    Finished runs are skipped, interrupted runs continue, and runs that another process is training are left out. The
    output of each run goes to OUT/NAME.log. If the settings differ in one number, such as the steps, curves are drawn
    beside the table (SVG). The exit code is 3 if a run failed.
    """
    from iebench.manifests.dataset import newest

    from ..distributed.device import pick
    from ..distributed.environment import check_once
    from ..distributed.signals import stop_requested
    from ..errors import Stopped
    from ..sweep.engines import local_outcomes, queued
    from ..sweep.plan import State, check_memory, load, plan, states
    from ..sweep.run import carry_out, remaining
    from ..training.disk import check_disk_of_runs

    if engine == "slurm":
        from iebench.manifests.shell.slurm import Queue

    check_once("sweep", os.environ)
    name = Path(sweep).stem
    loaded = load(sweep)
    planned = plan(loaded, data or newest(), out, "auto" if engine == "slurm" else device)
    run_states = states(planned)
    todo = remaining(planned, run_states, device)
    untrained = [run for run in planned if run_states[run.folder.name] in (State.NEW, State.UNFINISHED)]
    if engine == "local" and todo:
        jobs = min(jobs or 1, len(todo))
        check_memory(planned, device, jobs)
    if dry_run:
        _print_plan(planned, run_states, todo, untrained, None if engine == "slurm" else jobs or 1, as_json)
        return 0
    check_disk_of_runs(out, [(run.folder, run.config) for run in untrained])
    elsewhere = [run for run, state in run_states.items() if state is State.HELD]
    say = partial(click.echo, err=as_json)  # with --json the result alone goes to standard output
    say(f"{len(planned)} runs, {len(planned) - len(todo) - len(elsewhere)} of them finished")
    for run in elsewhere:
        say(f"{run}: skipped, {State.HELD.value}")
    with stop_requested() as stop:
        if engine == "slurm":
            queue = Queue(pairs("--slurm", slurm), Path("slurm") / name, CPUS, int(device != "cpu"), jobs or 0)
            chosen = partial(queued, queue=queue, stop=stop.is_set)
        else:
            chosen = partial(local_outcomes, at_once=jobs or 1, device=pick(device).type, stop=stop.is_set)
        failed = carry_out(todo, chosen, stop.is_set, say)
    if stop.is_set():
        raise Stopped("stopped; the same command continues where it stopped")
    scored = [run for run in planned if run.state() is State.SCORED]
    if scored:
        table = table or out / f"{name}.md"
        for line in _write(table, scored, len(planned), loaded):
            say(line)
    if as_json:
        reasons = {outcome.name: outcome.reason for outcome in failed}
        scores = {run.folder.name: run.score for run in scored}
        print_json({"table": table if scored else None, "scores": scores, "skipped": elsewhere, "failed": reasons})
    for outcome in failed:
        click.echo(f"{outcome.name} failed: {outcome.reason}; its output is in {out / outcome.name}.log", err=True)
    return 3 if failed else 0


def _write(table: Path, scored: Sequence["Planned"], count: int, loaded: "Sweep") -> list[str]:
    """Write the table, and the curves beside it if the settings differ in one number; returns a line for each file.

    count : number of planned runs
    """
    from ..sweep.curves import Axis, write  # here, since they import matplotlib
    from ..sweep.table import write as write_table

    write_table(table, scored)
    axis, curves = Axis.of(loaded.settings), table.with_suffix(".svg")
    lines = [f"{table}: written, {len(scored)} of {count} runs"]
    if axis and write(curves, scored, axis):
        lines.append(f"{curves}: written, class and rotation over {axis.key}")
    return lines


def _print_plan(
    planned: Sequence["Planned"], run_states: Mapping[str, "State"], todo: Sequence["Job"],
    untrained: Sequence["Planned"], at_once: int | None, as_json: bool,
) -> None:  # fmt: skip
    """Print the state of each run, the remaining commands, and what the remaining trainings need."""
    from ..forecasts.train import forecast_of_runs
    from ..sweep.job import IEBENCH
    from ..sweep.plan import State

    commands = [f"iebench {shlex.join(command[len(IEBENCH) :])}" for job in todo for command in job.commands]
    kinds = [((run.config.method, run.setting), run.folder, run.config) for run in untrained]
    needs = forecast_of_runs(kinds, planned[0].folder.parent, at_once)
    if as_json:
        named = {name: state.value for name, state in run_states.items()}
        needs.show(as_json, {"runs": named, "commands": commands})
        return
    for run in planned:
        state = run_states[run.folder.name]
        step = f", step {run.last_step}" if state is State.UNFINISHED else ""
        click.echo(f"{cleaned(str(run.folder))}: {state.value}{step}")
    for command in commands:
        click.echo(f"$ {command}")
    needs.show()
    click.echo(
        ", ".join(f"{count} {value}" for value, count in Counter(state.value for state in run_states.values()).items())
    )
