"""Continues unfinished runs, one after another, each with the settings in its folder."""

from collections.abc import Callable, Iterable
from pathlib import Path

from iebench.manifests.common.lock import is_held

from ..errors import Stopped
from ..sweep.job import IEBENCH, Job, Outcome
from ..training.config import CONFIG
from ..training.runs import LOCK, WEIGHTS


def resumable(runs: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """Return the unfinished runs that no process trains, and those that another process trains now."""
    unfinished = [run for run in runs if not (run / WEIGHTS).is_file()]
    busy = [run for run in unfinished if is_held(run / LOCK)]
    return [run for run in unfinished if run not in busy], busy


def command(run: Path, device: str) -> tuple[str, ...]:
    """Return the arguments of `iebench` that continue a run."""
    return (
        "train", "--config", str(run / CONFIG), "--name", run.name, "--out", str(run.parent), "--device", device,
        "--resume",
    )  # fmt: skip


def resume(
    runs: Iterable[Path], device: str, stop: Callable[[], bool], outcomes: Callable[[list[Job]], Iterable[Outcome]]
) -> list[Outcome]:
    """Continue runs; their output goes to ROOT/NAME.log, as in a sweep. Return one outcome for each.

    stop : once true, the running one saves its state, and no other starts

    Raises
    ------
    Stopped : it became true.
    """
    jobs = [Job(run.name, ((*IEBENCH, *command(run, device)),), run.parent / f"{run.name}.log") for run in runs]
    ended = list(outcomes(jobs))
    if stop():
        raise Stopped("stopped; the same command continues where it stopped")
    return ended
