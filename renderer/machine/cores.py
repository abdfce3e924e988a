"""Keeping a worker's libraries to its share of the cores."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

THREADS = Path("/proc/self/task")  # the process's threads, by number


@contextmanager
def few_cores(count: int, place: int) -> Iterator[None]:
    """Inside, this process may run on `count` of its cores only; afterwards, with all its threads, on all again.

    Blender's libraries (TBB, the denoiser) make a thread for every core they see when they are first used, whatever
    the scene's thread setting. With a worker on every core those threads wait for one another, busily: small pictures
    then take about 1.5 times as long. What starts inside sees few cores and stays that small.

    place : which cores; neighbours with places n, n + 1, ... get different ones. No effect where a system cannot do it.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = sorted(os.sched_getaffinity(0))
    first = place * count % len(allowed)
    os.sched_setaffinity(0, (allowed + allowed)[first : first + min(count, len(allowed))])
    try:
        yield
    finally:
        for thread in THREADS.iterdir():
            try:
                os.sched_setaffinity(int(thread.name), allowed)
            except ProcessLookupError:  # it has just ended
                continue
