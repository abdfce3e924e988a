"""Resources of this machine that the process may use: cores and memory."""

import os
from pathlib import Path

from ..brief import number
from ..errors import UsageError

DEVICES = ("auto", "cpu", "cuda")  # of training and scoring; auto is a GPU if there is one
SHARE = "IEBENCH_SHARE"  # environment variable: number of processes started together that share the machine
LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")  # of a container or job
USED = ("/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory/memory.usage_in_bytes")
CACHED = ("/sys/fs/cgroup/memory.stat", "/sys/fs/cgroup/memory/memory.stat")  # file caches that can be freed

PYTHON = 60_000_000  # least bytes that a process takes once it has loaded NumPy and Arrow


def cores() -> int:
    """Return the number of cores that this process may use, divided by the number of processes started together."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, count // _sharing())


def memory() -> int:
    """Return the total memory in bytes: the machine's, or its container's if less."""
    return min([os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), *_numbers(LIMITS)])


def free_memory() -> int:
    """Return the memory in bytes that is free or holds only file caches, of the machine, or of its container if less.

    It is divided by the number of processes started together.
    """
    page = os.sysconf("SC_PAGE_SIZE")
    free = [_field("/proc/meminfo", "MemAvailable:") * 1024 or os.sysconf("SC_AVPHYS_PAGES") * page]
    for limit, used, stat in zip(LIMITS, USED, CACHED, strict=True):
        for most, now in zip(_numbers([limit]), _numbers([used]), strict=False):
            free.append(max(0, most - now + _field(stat, "inactive_file")))
    return min(free) // _sharing()


def check_processes(count: int, option: str, each: int = PYTHON) -> int:
    """Check that the machine has enough memory for a number of processes given by an option; return the number.

    each : least bytes per process

    Raises
    ------
    UsageError : they need more memory than the machine has; the message gives the estimate.
    """
    total = memory()
    if count * each > total:
        raise UsageError(
            f"{option} {count}: so many processes take about {number(count * each / 1e9)} GB of memory, and this "
            f"machine has {total / 1e9:.1f} GB: give {total // each} at most"
        )
    return count


def _sharing() -> int:
    return int(os.environ.get(SHARE, "1"))


def _numbers(paths: tuple[str, ...] | list[str]) -> list[int]:
    numbers = []
    for path in map(Path, paths):
        try:
            numbers.append(int(path.read_text()))
        except (OSError, ValueError):  # no container, or "max"
            continue
    return numbers


def _field(path: str, name: str) -> int:
    """Return the number after a name in a file with one "name number" pair per line; 0 if the name is missing."""
    try:
        lines = (line.split() for line in Path(path).read_text().splitlines())
        return next((int(line[1]) for line in lines if line[0] == name), 0)
    except (OSError, ValueError, IndexError):
        return 0
