"""Load of the machine during a measurement: what other work does to it, and the clause that names it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from iebench.manifests.common.machine import cores

SPARE = 1  # processes beyond the cores that do not disturb a measurement


@contextmanager
def steady(device: torch.device, threads: int | None = None) -> Iterator[str]:
    """Set the threads of a measurement in this block; yields a clause about them for the basis of an estimate.

    On a busy machine several threads wait for each other, a step then takes between one and a hundred times as long,
    and the measurement says nothing: one thread is measured there.

    threads : number of threads; None for PyTorch's, which OMP_NUM_THREADS sets
    """
    if device.type != "cpu":
        yield ""
        return
    before, load = torch.get_num_threads(), os.getloadavg()[0]
    requested, is_busy = threads or before, load > cores() + SPARE
    used = 1 if is_busy else requested
    torch.set_num_threads(used)
    try:
        yield f" with {used} thread{'s' * (used > 1)}{_condition(load, requested) if is_busy else ''}"
    finally:
        torch.set_num_threads(before)


def _condition(load: float, requested: int) -> str:
    remedy = (
        f", as with OMP_NUM_THREADS=1, since {requested} threads would wait for each other" if requested > 1 else ""
    )
    return f" while about {load:.0f} processes share {cores()} core{'s' * (cores() > 1)}{remedy}"
