"""Memory: what a process takes, and what share of the machine a worker may."""

import os
from pathlib import Path

SHARE = 0.8  # of the machine's memory for all workers together; the driver, its files and others have the rest
LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")  # a container's, a job's


def resident(pid: int | None) -> int:
    """Resident memory of a process in bytes; 0 where the system does not say, or when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def machine() -> int:
    """Memory in bytes that this process and others like it may fill: the machine's, or its container's if less."""
    found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for path in map(Path, LIMITS):
        try:
            found.append(int(path.read_text()))
        except (OSError, ValueError):  # no container, or "max"
            continue
    return min(found)


def worker_memory(workers: int, threads: int) -> int:
    """Bytes that one of `workers` may take by default.

    Where they use only some of the cores, others (further tasks of a cluster) share the machine, and its memory.

    >>> worker_memory(1, 10**6) == int(SHARE * machine())
    True
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return int(SHARE * machine() * min(1.0, workers * threads / cores) / workers)
