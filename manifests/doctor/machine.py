"""Checks of the machine: cores, memory, GPUs, the limit of open files, and the disk of a folder."""

import os
import resource
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from ..common.files import disk_error
from ..common.handles import MOST
from ..common.machine import cores, free_memory, memory
from .finding import HINT, MEND, Finding

GB = 1e9
MEMORY = 2 * GB  # free bytes below which two rendering processes or a training may not fit
SPACE = 5 * GB  # free bytes below which a dataset of 55 classes may not fit
FEWEST_SPACE = 0.2 * GB  # the demo's dataset, runs and scores
FILES = 1024  # open files below which shards are opened again and again
FEWEST_FILES = 256  # open files below which processes and their pipes may not fit
WRITTEN = 32 * 2**20  # bytes of the test of the disk
SLOW = 20e6  # bytes per second below which writing shards takes longer than rendering them

DRIVER = Path("/proc/driver/nvidia/gpus")


def machine(folder: Path) -> Iterator[Finding]:
    """Yield the findings about this machine and about the disk of a folder."""
    yield _memory(free_memory())
    yield _gpus(gpus())
    yield _files(*resource.getrlimit(resource.RLIMIT_NOFILE))
    yield _space(folder, shutil.disk_usage(folder).free)
    yield _speed(folder)


def gpus(driver: Path = DRIVER) -> list[str]:
    """Return the models of the NVIDIA GPUs that the system's driver lists."""
    models = []
    for information in sorted(driver.glob("*/information")):
        lines = information.read_text(errors="replace").splitlines()
        models += [line.partition(":")[2].strip() for line in lines if line.startswith("Model:")]
    return models


def _memory(free: int) -> Finding:
    text = f"{cores()} CPU cores, {memory() / GB:.1f} GB of memory, {free / GB:.1f} GB of it free"
    if free >= MEMORY:
        return Finding("machine", text)
    return Finding("machine", f"{text}: close other programs, or give render --workers 1 and train a small batch", HINT)


def _gpus(models: list[str]) -> Finding:
    if not models:
        return Finding("GPU", "no NVIDIA GPU: rendering and training use the CPU cores")
    counted = [f"{models.count(model)} x {model}" for model in dict.fromkeys(models)]
    return Finding("GPU", f"{', '.join(counted)}; training takes one by itself, rendering with --device auto")


def _files(soft: int, hard: int) -> Finding:
    """Return the finding about the limit of open files, which a process may raise from `soft` to `hard`."""
    most = MOST if resource.RLIM_INFINITY in (soft, hard) else min(hard, MOST)
    if most >= FILES:
        return Finding("open files", f"at most {most:,}")
    text = f"at most {most}: raise the limit to {FILES} or more, in /etc/security/limits.conf or with `ulimit -Hn`"
    return Finding("open files", text, MEND if most < FEWEST_FILES else HINT)


def _space(folder: Path, free: int) -> Finding:
    text = f"{free / GB:.1f} GB free in {folder.absolute()}"
    if free >= SPACE:
        return Finding("disk", text)
    remedy = "free some, or work in a folder on another disk"
    return Finding("disk", f"{text}: {remedy}", MEND if free < FEWEST_SPACE else HINT)


def _speed(folder: Path) -> Finding:
    """Write a temporary file into a folder, flush it to the disk, and return the finding about its speed."""
    content = os.urandom(WRITTEN)  # random, because some file systems compress
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            start = time.perf_counter()
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            pace = WRITTEN / (time.perf_counter() - start)
    except OSError as error:
        return Finding("writing", str(disk_error(folder, error)), MEND)
    text = f"{pace / 1e6:.0f} MB/s"
    if pace >= SLOW:
        return Finding("writing", text)
    return Finding("writing", f"{text}: rendering may wait for the disk, so work in a folder on a faster one", HINT)
