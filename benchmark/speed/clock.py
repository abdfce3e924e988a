"""Measurements on a shared machine: wall and CPU time, load by other processes, peaks of memory."""

import ctypes
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TypeVar

import torch

from iebench.manifests.common.machine import cores

T = TypeVar("T")
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
TICK = 1.0 / os.sysconf("SC_CLK_TCK")


@dataclass
class Spent:
    """Time that some work took.

    wall, cpu : seconds; CPU time is of this process and the given ones
    others : mean number of cores that other processes used meanwhile
    """

    wall: float = 0.0
    cpu: float = 0.0
    others: float = 0.0


@contextmanager
def watch(processes: Iterable[int] = ()) -> Iterator[Spent]:
    """Measure the work inside the block.

    processes : ids of further processes that work for it, alive at the start and the end
    """
    pids, spent = list(processes), Spent()

    def own() -> float:
        return time.process_time() + sum(map(_cpu_of, pids))

    all_before, cpu_before, start = _busy(), own(), time.perf_counter()
    yield spent
    spent.wall, spent.cpu = time.perf_counter() - start, own() - cpu_before
    spent.others = max(0.0, _busy() - all_before - spent.cpu) / spent.wall


def in_turns(work: Mapping[str, Callable[[], T]], rounds: int) -> dict[str, list[T]]:
    """Run several kinds of work in alternation, so that a busy moment affects all alike; returns their results."""
    results: dict[str, list[T]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, call in work.items():
            results[name].append(call())
    return results


def middle(samples: Iterable[Spent], attribute: str) -> float:
    """Return the median of an attribute of several measurements."""
    return float(median(getattr(sample, attribute) for sample in samples))


def added_memory(work: Callable[[], object], device: torch.device) -> int:
    """Return the peak of additional bytes that some work takes, of the GPU or of resident memory.

    On a CPU small results are imprecise. On systems other than Linux the result is 0.
    """
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        before = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        work()
        torch.cuda.synchronize(device)
        return int(torch.cuda.max_memory_allocated(device) - before)
    if not sys.platform.startswith("linux"):
        return 0
    libc = ctypes.CDLL(None)  # functions of the GNU C library
    libc.mallopt(M_MMAP_THRESHOLD, 2**20)  # freed memory returns to the system at once, so that the peak is correct
    libc.malloc_trim(0)  # also memory that was freed before
    Path("/proc/self/clear_refs").write_text("5")  # reset the peak
    before = _resident("VmRSS")
    work()
    added = max(0, _resident("VmHWM") - before)
    libc.mallopt(M_MMAP_THRESHOLD, 2**25)  # the library's own upper limits, so that the next measurement reuses memory
    libc.mallopt(M_TRIM_THRESHOLD, 2**26)
    return added


def machine() -> str:
    """Describe the machine in one line."""
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ", no GPU"
    return (
        f"{_model()}, {cores()} cores{gpu}; torch {torch.__version__}, {torch.get_num_threads()} threads; "
        f"load {os.getloadavg()[0]:.1f}"
    )


def _model() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").is_file() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "CPU")


def _busy() -> float:
    """Seconds that all cores together were busy since the machine started."""
    try:
        fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    except OSError:
        return 0.0
    return TICK * (sum(fields) - fields[3] - fields[4])  # without idle time and waiting for disks


def _cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return float(TICK * (int(fields[11]) + int(fields[12])))


def _resident(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(name))
