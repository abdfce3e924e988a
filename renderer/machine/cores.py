"""Limit a worker's libraries to its share of the cores."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

THREADS = Path("/proc/self/task")  # the process's threads, by thread id


@contextmanager
def few_cores(count: int, worker_number: int) -> Iterator[None]:
    """Limit this process to `count` of its cores inside the block; afterwards all its threads may use all cores again.

    Blender's libraries (TBB, the denoiser) start one thread per visible core on first use, whatever the scene's thread
    setting. With a worker on every core, those threads busy-wait for one another, and small images take about 1.5 times
    as long. Libraries that start inside the block see few cores and keep few threads.

    worker_number : selects the cores; workers numbered n, n + 1, ... get different cores. No effect on systems without
        affinity.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = sorted(os.sched_getaffinity(0))
    first = worker_number * count % len(allowed)
    os.sched_setaffinity(0, (allowed + allowed)[first : first + min(count, len(allowed))])
    try:
        yield
    finally:
        for thread in THREADS.iterdir():
            try:
                os.sched_setaffinity(int(thread.name), allowed)
            except ProcessLookupError:  # the thread has just ended
                continue
