"""What training a run took."""

from pathlib import Path

from . import log
from .config import RunConfig
from .results import Cost


def of_run(folder: Path, config: RunConfig) -> Cost:
    """The device-hours that a run took over all its attempts, as its log says, and on what kind of device.

    Raises
    ------
    RunError : the log is damaged.
    """
    lines = log.read(folder)
    return Cost(training_hours=lines[-1]["seconds"] / 3600 if lines else None, training_device=config.device)
