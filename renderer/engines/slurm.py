"""The engine of a Slurm cluster: a job array through submitit, its tasks each a part of the shards.

A task that Slurm preempts, or that runs out of time, is queued again and goes on with the shards it still lacks. The
driver waits, shows the shards as they appear in the store, and submits once more what lost tasks have left.
"""

import inspect
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import submitit
from submitit.slurm.slurm import _make_sbatch_string  # its public callers want Slurm installed; a dry run does not

from ..errors import UsageError, WorkerError
from ..plan import Shard
from ..shards import shard_notes
from ..store import open_store
from . import Advance, Work
from .local import Local, render_as

TASKS = 64  # of an array, if not said otherwise
MINUTES = 24 * 60  # that a task may take, if not said otherwise
ROUNDS = 3  # arrays in a row that may end without one more shard
TICK = 5.0  # seconds between two looks at the store
GENERAL = {
    "job_name": "name",
    "time": "timeout_min",
    "cpus_per_task": "cpus_per_task",
    "gpus_per_node": "gpus_per_node",
}
SBATCH = inspect.signature(_make_sbatch_string).parameters.keys() - {"command", "folder", "map_count"}


class Slurm:
    """See the module's docstring.

    Options: `tasks` of the array; `folder` of scripts and logs, which every machine must see; `cluster` of submitit
    (slurm, or local to try it without one); `time` in minutes; all others are sbatch's (partition, account, ...).
    """

    def __init__(self, work: Work, options: Mapping[str, str]) -> None:
        given: dict[str, Any] = {key.replace("-", "_"): value for key, value in options.items()}
        for key in ("tasks", "time"):
            if not str(given.get(key, "1")).isdigit():
                raise UsageError(f"--slurm {key}={given[key]}: give a whole number")
        self._work = work
        self._tasks = int(given.pop("tasks", TASKS))
        self._cluster = given.pop("cluster", "slurm")
        self._folder = Path(given.pop("folder", Path("slurm") / work.out.rstrip("/").rpartition("/")[2])).absolute()
        minutes = int(given.pop("time", MINUTES))
        self._parameters: dict[str, Any] = {key: value for key, value in given.items() if key in SBATCH}
        self._parameters |= {"job_name": "iebench", "time": minutes, "cpus_per_task": work.workers * work.threads}
        self._parameters |= {"gpus_per_node": work.gpus} if work.gpus and "gres" not in given else {}
        other = {key: value for key, value in given.items() if key not in SBATCH}
        self._parameters |= {"additional_parameters": other} if other else {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        """Nothing to end: `render` leaves no job behind."""

    def preview(self, shards: Sequence[Shard]) -> str:
        command = shlex.join([sys.executable, "-m", "submitit.core._submit", str(self._folder)])
        tasks = min(self._tasks, len(shards))
        return str(_make_sbatch_string(command, self._folder, map_count=tasks, **self._parameters))

    def about(self) -> dict[str, str]:
        """From one job, which also shows that the array will find what it needs before it is queued."""
        [job] = self._submit([_About(self._work)])
        try:
            while not job.done():
                time.sleep(TICK / 10)
        except BaseException:
            job.cancel()
            raise
        if job.exception() is not None:
            raise WorkerError(self._what(job))
        answer: dict[str, str] = job.result()
        return answer

    def render(self, shards: Sequence[Shard], renderer: dict[str, str], advance: Advance) -> None:
        left, fruitless = list(shards), 0
        while left:
            before, parts = len(left), min(self._tasks, len(left))
            jobs = self._submit([Part(self._work, left[n::parts], renderer) for n in range(parts)])
            try:
                while not all(job.done() for job in jobs):
                    time.sleep(TICK)
                    left = self._look(left, advance)
            except BaseException:
                for job in jobs:
                    job.cancel()
                raise
            left = self._look(left, advance)
            fruitless = fruitless + 1 if len(left) == before else 0
            lost = [job for job in jobs if job.exception() is not None]
            if fruitless >= ROUNDS or (left and not lost):
                why = self._what(lost[0]) if lost else "its tasks ended well"
                raise WorkerError(f"{len(left)} shards are still missing after the job array: {why}")

    def _submit(self, calls: Sequence[Any]) -> list[Any]:
        try:
            executor = submitit.AutoExecutor(self._folder, cluster=self._cluster)
        except (RuntimeError, ValueError) as error:
            raise UsageError(f"cannot submit jobs here ({error}): run this where `sbatch` is installed") from error
        executor.update_parameters(**{GENERAL.get(key, f"slurm_{key}"): v for key, v in self._parameters.items()})
        with executor.batch():
            return [executor.submit(call) for call in calls]

    def _look(self, shards: list[Shard], advance: Advance) -> list[Shard]:
        """The shards that are not there yet; tells of those that have come."""
        store, plan, left = open_store(self._work.out), self._work.plan, []
        there = store.sizes()
        for shard in shards:
            notes = shard_notes(store, plan.recipe, shard) if f"{shard.stem}.parquet" in there else None
            if notes is None:
                left.append(shard)
                continue
            advance(sum(map(plan.view_count, shard.objects)), sum(note["status"] == "failed" for note in notes))
        return left

    def _what(self, job: Any) -> str:
        """Why a job failed: the last line of its traceback, or submitit's first one."""
        text = str(job.exception()).strip()
        _, dashes, trace = text.partition("-" * 20)
        lines = [line for line in trace.splitlines() if line.strip("- ") and "You can check full logs" not in line]
        ends = [line for line in lines if not line.startswith((" ", "\t")) and ": " in line]
        said = ends[-1].partition(": ")[2] if dashes and ends else text.splitlines()[0]
        return f"{said} (job {job.job_id}; logs in {self._folder})"


class _About:
    """The job that asks for the renderer."""

    def __init__(self, work: Work) -> None:
        self.work = work

    def __call__(self) -> dict[str, str]:
        with Local(self.work, {}) as engine:
            return engine.about()


class Part:
    """What one task of the array does; submitit keeps it, as `checkpoint` says, when the task is queued again."""

    def __init__(self, work: Work, shards: Sequence[Shard], renderer: dict[str, str]) -> None:
        self.work, self.shards, self.renderer = work, shards, renderer

    def __call__(self) -> None:
        store = open_store(self.work.out)
        left = [shard for shard in self.shards if shard_notes(store, self.work.plan.recipe, shard) is None]
        if left:
            render_as(self.work, left, self.renderer, lambda images, failed: None)

    def checkpoint(self) -> Any:
        """The same again: what is in the store by then will be left out."""
        return submitit.helpers.DelayedSubmission(self)
