"""What training a run took."""

import math
from pathlib import Path

from ..results.score import Cost
from . import log
from .config import RunConfig


def of_run(folder: Path, config: RunConfig) -> Cost:
    """The device-hours that a run took over all its attempts, with the devices of the last, and on what kind.

    Raises
    ------
    RunError : the log is damaged.
    """
    line = log.last(folder) or {}
    hours = line.get("seconds", math.nan) * line.get("devices", 1) / 3600
    known = 0 <= hours < math.inf
    return Cost(training_hours=hours if known else None, training_device=config.device)
