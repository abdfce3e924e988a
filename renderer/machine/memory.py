"""Memory used by a process, and a worker's share of the machine's memory."""

import os
from pathlib import Path

from iebench.manifests.common.machine import cores, memory

SHARE = (
    0.8  # share of the machine's memory for all workers together; the rest is for the driver, file caches and others
)

BLENDER_BYTES = 200_000_000  # smallest memory of a process with Blender


def resident(pid: int | None) -> int:
    """Return the resident memory of a process in bytes; 0 if it is unknown or the process has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def worker_memory(workers: int, threads: int) -> int:
    """Return the default memory limit of one of `workers` processes, in bytes.

    If they use only some of the cores, further processes (other tasks of a cluster) get the rest of the memory.

    >>> worker_memory(1, 10**6) == int(SHARE * memory())
    True
    """
    return int(SHARE * memory() * min(1.0, workers * threads / cores()) / workers)
