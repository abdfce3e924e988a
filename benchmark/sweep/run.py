"""Runs a sweep: find the remaining jobs, run them, report the outcomes.

iebench sweep results --data data/builtin
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from iebench.manifests.common.progress import duration

from ..errors import RunHeld
from .job import IEBENCH, Job, Outcome
from .plan import Planned, State

Engine = Callable[[Sequence[Job]], Iterator[Outcome]]


def remaining(planned: Sequence[Planned], run_states: Mapping[str, State], device: str) -> list[Job]:
    """Return the jobs of all runs that are neither finished nor held by another process, started runs first.

    run_states : state of each run; see `states`
    """
    order = [State.TRAINED, State.UNFINISHED, State.NEW]
    left = [run for run in planned if run_states[run.folder.name] in order]
    left.sort(key=lambda run: order.index(run_states[run.folder.name]))
    return [job(run, run_states[run.folder.name], device) for run in left]


def job(run: Planned, state: State, device: str) -> Job:
    """Return the remaining work of a run in this state."""
    name, out = run.folder.name, str(run.folder.parent)
    start = "--config" if run.preset.endswith(".toml") else "--preset"
    sets = [word for assignment in run.assignments for word in ("--set", assignment)]
    subset = [] if run.config.subset is None else ["--subset", str(run.config.subset)]
    train = (
        *IEBENCH, "train", "--method", run.config.method, "--data", str(run.config.data), start, run.preset,
        *sets, *subset, "--seed", str(run.config.seed), "--name", name, "--out", out, "--device", device, "--resume",
    )  # fmt: skip
    score = (
        *IEBENCH, "score", "--run", str(run.folder), "--data", str(run.config.data), "--protocol", run.protocol,
        "--out", str(run.score), "--device", device,
    )  # fmt: skip
    commands = (score,) if state is State.TRAINED else (train, score)
    return Job(name, commands, run.folder.parent / f"{name}.log")


def carry_out(
    jobs: Sequence[Job], engine: Engine, stop: Callable[[], bool], say: Callable[[str], None]
) -> list[Outcome]:
    """Run jobs, and print one line for each that ends; returns the failed ones.

    A run that another process started to train in the meantime is skipped, and is not a failure.

    stop : once true, jobs end early; these are not failures
    """
    start, failed = time.monotonic(), []
    for done, outcome in enumerate(engine(jobs), start=1):
        if outcome.code and stop():
            say(f"{outcome.name}: stopped")
            continue
        if outcome.code == RunHeld.exit_code:
            say(f"{outcome.name}: skipped, {State.HELD.value}")
            continue
        left = (time.monotonic() - start) / done * (len(jobs) - done)
        eta = f", {duration(left)} left" if done < len(jobs) else ""
        if outcome.code:
            failed.append(outcome)
            say(f"{outcome.name}: FAILED after {duration(outcome.seconds)}: {outcome.reason}; {done}/{len(jobs)}{eta}")
        else:
            say(f"{outcome.name}: trained and scored in {duration(outcome.seconds)}; {done}/{len(jobs)}{eta}")
    return failed
