"""Cost of training a run."""

import math
from pathlib import Path

from ..results.score import Cost
from . import log
from .config import RunConfig


def of_run(folder: Path, config: RunConfig) -> Cost:
    """Device-hours of a run over all its sessions, counted with the number of devices of the last one; and the device.

    On a GPU these are hours by the clock, on a CPU hours of processor time: other work costs a run nothing.

    Raises
    ------
    RunError : the log is damaged.
    """
    line = log.last(folder) or {}
    by_clock = line.get("seconds", math.nan)
    seconds = line.get("core_seconds", by_clock) if config.device == "cpu" else by_clock
    hours = seconds * line.get("devices", 1) / 3600
    known = 0 <= hours < math.inf
    return Cost(training_hours=hours if known else None, training_device=config.device)
