"""What this process may take of the machine it runs on."""

import os
from pathlib import Path

from ..brief import number
from ..errors import UsageError

SHARE = "IEBENCH_SHARE"  # how many processes that were started together share the machine; in their environment
LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")  # a container's, a job's
USED = ("/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory/memory.usage_in_bytes")
CACHED = ("/sys/fs/cgroup/memory.stat", "/sys/fs/cgroup/memory/memory.stat")  # of that, what files can give back

PYTHON = 60_000_000  # bytes that a process takes at least that has loaded NumPy and Arrow


def cores() -> int:
    """Cores that this process may run on, or its share of them."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, there // _sharing())


def memory() -> int:
    """Memory in bytes that this process and others like it may fill: the machine's, or its container's if less."""
    return min([os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), *_numbers(LIMITS)])


def free_memory() -> int:
    """Memory in bytes that nothing uses now but caches of files; of the machine, or of its container if less.

    Of several processes that were started together, this one's share.
    """
    page = os.sysconf("SC_PAGE_SIZE")
    free = [_field("/proc/meminfo", "MemAvailable:") * 1024 or os.sysconf("SC_AVPHYS_PAGES") * page]
    for limit, used, stat in zip(LIMITS, USED, CACHED, strict=True):
        for most, now in zip(_numbers([limit]), _numbers([used]), strict=False):
            free.append(max(0, most - now + _field(stat, "inactive_file")))
    return min(free) // _sharing()


def check_processes(count: int, option: str, each: int = PYTHON) -> int:
    """A number of processes that this machine has the memory for, else the refusal of an option.

    each : bytes that one takes at least

    Raises
    ------
    UsageError : they take more memory than there is; gives the estimate.
    """
    there = memory()
    if count * each > there:
        raise UsageError(
            f"{option} {count}: so many processes take about {number(count * each / 1e9)} GB of memory, and this "
            f"machine has {there / 1e9:.1f} GB: give {there // each} at most"
        )
    return count


def _sharing() -> int:
    return int(os.environ.get(SHARE, "1"))


def _numbers(paths: tuple[str, ...] | list[str]) -> list[int]:
    found = []
    for path in map(Path, paths):
        try:
            found.append(int(path.read_text()))
        except (OSError, ValueError):  # no container, or "max"
            continue
    return found


def _field(path: str, name: str) -> int:
    """The number behind a name in a file of such lines; 0 where there is none."""
    try:
        lines = (line.split() for line in Path(path).read_text().splitlines())
        return next((int(line[1]) for line in lines if line[0] == name), 0)
    except (OSError, ValueError, IndexError):
        return 0
