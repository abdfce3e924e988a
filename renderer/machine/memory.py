"""Memory: what a process takes, and what share of the machine a worker may."""

import os
from pathlib import Path

from iebench.manifests.common.machine import cores, memory

SHARE = 0.8  # of the machine's memory for all workers together; the driver, its files and others have the rest

BLENDER_BYTES = 200_000_000  # that a process with Blender takes at least


def resident(pid: int | None) -> int:
    """Resident memory of a process in bytes; 0 where the system does not say, or when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def worker_memory(workers: int, threads: int) -> int:
    """Bytes that one of `workers` may take by default.

    Where they use only some of the cores, others (further tasks of a cluster) share the machine, and its memory.

    >>> worker_memory(1, 10**6) == int(SHARE * memory())
    True
    """
    return int(SHARE * memory() * min(1.0, workers * threads / cores()) / workers)
