"""Engine of a Slurm cluster: a job array submitted through submitit, each task with a part of the shards.

A task that Slurm preempts, or that runs out of time, is queued again and continues with its missing shards. The driver
waits, reports shards as they appear in the store, and submits the shards of lost tasks again.
"""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import submitit

from iebench.manifests.shell.slurm import Queue

from ..errors import WorkerError
from ..output.shards import shard_notes
from ..output.store import open_store
from ..plan import Shard
from . import Advance, Work
from .local import Local, render_as

TASKS = 64  # default number of tasks of an array
ROUNDS = 3  # job arrays in a row that may end without a new shard
TICK = 5.0  # seconds between two checks of the store


class Slurm:
    """Engine of a Slurm cluster, as described in the module's docstring.

    Options: `tasks` of the array, and the options of `iebench.manifests.shell.slurm.Queue`.
    """

    def __init__(self, work: Work, options: Mapping[str, str]) -> None:
        folder = Path("slurm") / work.out.rstrip("/").rpartition("/")[2]
        self._work = work
        self._queue = Queue(options, folder, cpus=work.workers * work.threads, gpus=work.gpus)
        self._tasks = self._queue.tasks or TASKS

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        """Do nothing: `render` leaves no job behind."""

    def preview(self, shards: Sequence[Shard]) -> str:
        return self._queue.script(min(self._tasks, len(shards)))

    def about(self) -> dict[str, str]:
        """Run one job that returns the renderer's description.

        The job also proves, before the array is queued, that jobs can run iebench.
        """
        [job] = self._queue.submit([_About(self._work)])
        try:
            while not job.done():
                time.sleep(TICK / 10)
        except BaseException:
            job.cancel()
            raise
        if job.exception() is not None:
            raise WorkerError(self._queue.cause(job))
        description: dict[str, str] = job.result()
        return description

    def render(self, shards: Sequence[Shard], renderer: dict[str, str], advance: Advance) -> None:
        missing, fruitless = list(shards), 0
        while missing:
            before, parts = len(missing), min(self._tasks, len(missing))
            jobs = self._queue.submit([Part(self._work, missing[n::parts], renderer) for n in range(parts)])
            try:
                while not all(job.done() for job in jobs):
                    time.sleep(TICK)
                    missing = self._missing(missing, advance)
            except BaseException:
                for job in jobs:
                    job.cancel()
                raise
            missing = self._missing(missing, advance)
            fruitless = fruitless + 1 if len(missing) == before else 0
            lost = [job for job in jobs if job.exception() is not None]
            if fruitless >= ROUNDS or (missing and not lost):
                cause = self._queue.cause(lost[0]) if lost else "its tasks ended without an error"
                raise WorkerError(f"{len(missing)} shards are still missing after the job array: {cause}")

    def _missing(self, shards: list[Shard], advance: Advance) -> list[Shard]:
        """Return the shards that are still missing; report those that have been written."""
        store, plan, missing = open_store(self._work.out), self._work.plan, []
        sizes = store.sizes()
        for shard in shards:
            notes = shard_notes(store, plan.recipe, shard) if f"{shard.stem}.parquet" in sizes else None
            if notes is None:
                missing.append(shard)
                continue
            advance(sum(map(plan.view_count, shard.objects)), sum(note["status"] == "failed" for note in notes))
        return missing


class _About:
    """The job that returns the renderer's description."""

    def __init__(self, work: Work) -> None:
        self.work = work

    def __call__(self) -> dict[str, str]:
        with Local(self.work, {}) as engine:
            return engine.about()


class Part:
    """The work of one task of the array; submitit queues it again through `checkpoint`."""

    def __init__(self, work: Work, shards: Sequence[Shard], renderer: dict[str, str]) -> None:
        self.work, self.shards, self.renderer = work, shards, renderer

    def __call__(self) -> None:
        store = open_store(self.work.out)
        missing = [shard for shard in self.shards if shard_notes(store, self.work.plan.recipe, shard) is None]
        if missing:
            render_as(self.work, missing, self.renderer, lambda images, failed: None)

    def checkpoint(self) -> Any:
        """Submit the same work again; shards that are in the store by then are skipped."""
        return submitit.helpers.DelayedSubmission(self)
