"""Runs the demo: what is not done yet, methods beside each other, with the progress of all."""

import shlex
import subprocess
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import dropwhile
from pathlib import Path

import click

from iebench.manifests.common.machine import cores

from ..distributed.device import pick
from ..distributed.signals import stop_requested
from ..errors import Stopped
from ..sweep.engines import local_outcomes
from ..sweep.job import IEBENCH, Job
from ..sweep.run import carry_out
from .plan import PRESET, Plan, Step
from .progress import Progress, lengths

STDERR = 2  # number of standard error
WITH_FAILURES = 3  # exit code of a command that finished with some failures

Execute = Callable[[Sequence[str]], int]
"""Runs a command and returns its exit code."""
Chains = Mapping[str, Sequence[Step]]
"""Commands of each method that run one after another; those of different methods may run beside each other."""


def run(plan: Plan, execute: Execute, beside: Callable[[Chains], int]) -> int:
    """Run the commands that are not done; stops at a failure.

    beside : runs chains of commands and returns the first exit code that is not 0
    returns : 0, the exit code of the failed command, or 3 if all finished and some with failures
    """
    worst = _once(plan.render, execute)
    if worst not in (0, WITH_FAILURES):
        return _stopped(worst)
    left: dict[str, Sequence[Step]] = {}
    for method, steps in plan.methods.items():
        click.echo("")
        for step in steps:
            _announce(step)
        if todo := list(dropwhile(lambda step: step.done, steps)):
            left[method] = todo
        else:
            click.echo(f"{steps[-1].makes} exists already")
    if left and (code := beside(left)):
        return _stopped(code)
    for step in plan.compare:
        if code := _once(step, execute):
            return _stopped(code)
    return worst


def as_process(arguments: Sequence[str], visible: bool = True) -> int:
    """Run `iebench ARGUMENTS` in a separate process on this terminal; returns its exit code.

    visible : False to send its standard output to standard error
    """
    return subprocess.run([*IEBENCH, *arguments], check=False, stdout=None if visible else STDERR).returncode


def side_by_side(plan: Plan, chains: Chains) -> int:
    """Run chains as processes that share the cores: small networks train faster with a thread each.

    Raises
    ------
    Stopped : Ctrl-C; the running commands have saved their state.
    """
    jobs = [
        Job(method, tuple((*IEBENCH, *step.arguments) for step in steps), _log(plan, method))
        for method, steps in chains.items()
    ]
    at_once = min(len(jobs), cores())
    steps = lengths(chains, PRESET, plan.data, plan.runs)
    left = {plan.runs / method: commands for method, commands in chains.items()}
    click.echo(f"\n{len(jobs)} methods, {at_once} at a time; their output goes to {plan.runs}/METHOD.log")
    with stop_requested() as stop, Progress(steps, left) as progress:
        device = pick("auto").type
        engine = partial(local_outcomes, at_once=at_once, device=device, stop=stop.is_set, look=progress.look)
        failed = carry_out(jobs, engine, stop.is_set, click.echo)
    if stop.is_set():
        raise Stopped("stopped; `iebench demo` continues where it stopped")
    for outcome in failed:
        click.echo(f"{outcome.name}: {outcome.reason}; its output is in {_log(plan, outcome.name)}", err=True)
    return failed[0].code if failed else 0


def _once(step: Step, execute: Execute) -> int:
    """Run a command unless it is done; returns its exit code."""
    click.echo("")
    _announce(step)
    if step.done:
        click.echo(f"{step.makes} exists already")
        return 0
    code = execute(step.arguments)
    if code == WITH_FAILURES:
        click.echo("finished with failures, which are listed above; the next step follows")
    return code


def _announce(step: Step) -> None:
    click.echo(f"$ iebench {shlex.join(step.arguments)}")


def _stopped(code: int) -> int:
    click.echo(f"stopped: the command failed with exit code {code}; `iebench demo` continues from it")
    return code


def _log(plan: Plan, method: str) -> Path:
    return plan.runs / f"{method}.log"
