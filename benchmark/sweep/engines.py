"""Engines that run the jobs of a sweep: processes of this machine, or a job array of a cluster."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from queue import SimpleQueue
from typing import TYPE_CHECKING

import torch

from iebench.manifests.common.machine import SHARE, cores

from .job import Job, Outcome

if TYPE_CHECKING:
    from iebench.manifests.shell.slurm import Queue

LOOK = 1.0  # seconds between two checks of the stop flag and of a cluster's jobs
GPUS = "CUDA_VISIBLE_DEVICES"


def local_outcomes(
    jobs: Sequence[Job], at_once: int, device: str, stop: Callable[[], bool], look: Callable[[], None] = lambda: None
) -> Iterator[Outcome]:
    """Run jobs in `at_once` processes of this machine; yields outcomes as they come.

    device : "cpu", where processes share the cores, or "cuda", where they are distributed over the GPUs
    stop : once true, running jobs save their state and end, and no other starts
    look : called every second or so
    """
    places: SimpleQueue[Mapping[str, str]] = SimpleQueue()
    for number in range(at_once):
        places.put(_environment(number, at_once, device))

    def work(job: Job) -> Outcome:
        job.env = places.get()
        try:
            return job()
        finally:
            places.put(job.env)

    with ThreadPoolExecutor(at_once) as pool:
        left: set[Future[Outcome]] = {pool.submit(work, job) for job in jobs}
        while left:
            done, left = wait(left, LOOK, FIRST_COMPLETED)
            look()
            if stop():
                for job in jobs:
                    job.stop()
            yield from (future.result() for future in done)


def queued(jobs: Sequence[Job], queue: "Queue", stop: Callable[[], bool]) -> Iterator[Outcome]:
    """Run jobs as tasks of a job array; yields outcomes as they come. Once `stop()` is true, they are cancelled."""
    start = time.monotonic()
    submitted = dict(zip(queue.submit(jobs), jobs, strict=True))
    try:
        while submitted:
            for task in [task for task in submitted if task.done()]:
                job = submitted.pop(task)
                lost = task.exception()
                taken = time.monotonic() - start
                yield task.result() if lost is None else Outcome(job.name, 1, queue.cause(task), taken)
            if stop():
                return
            if submitted:
                time.sleep(LOOK)
    finally:
        for task in submitted:
            task.cancel()


def _environment(number: int, at_once: int, device: str) -> Mapping[str, str]:
    """Return the environment of one of several processes: its share of cores and memory, and its GPU."""
    env = {SHARE: str(at_once)}
    if device == "cpu":
        threads = str(max(1, cores() // at_once))
        return env if at_once == 1 or "OMP_NUM_THREADS" in os.environ else {**env, "OMP_NUM_THREADS": threads}
    visible = os.environ.get(GPUS, ",".join(map(str, range(torch.cuda.device_count())))).split(",")
    return {**env, GPUS: visible[number % len(visible)]}
