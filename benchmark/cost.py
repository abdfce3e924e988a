"""What training a run took."""

from pathlib import Path

from . import log
from .config import RunConfig
from .results import Cost


def of_run(folder: Path, config: RunConfig) -> Cost:
    """The device-hours that a run took over all its attempts, with the devices of the last, and on what kind.

    Raises
    ------
    RunError : the log is damaged.
    """
    lines = log.read(folder)
    hours = lines[-1]["seconds"] * lines[-1].get("devices", 1) / 3600 if lines else None
    return Cost(training_hours=hours, training_device=config.device)
