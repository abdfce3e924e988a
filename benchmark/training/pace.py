"""Duration of a training: what it took so far, what the remaining steps take by the first ones, and its cost."""

import math
import time
from pathlib import Path

from torch import Tensor

from iebench.manifests.brief import number
from iebench.manifests.common.progress import duration, say

from ..distributed.ranks import Ranks
from ..errors import SettingError
from ..results.score import Cost
from . import log
from .checkpoint import Progress
from .config import RunConfig, TrainSettings

TIMED = 3  # steps; the one before them is not timed, as it compiles and allocates
SHOWN = 60.0  # seconds; a shorter training needs no estimate
LONGEST = 366 * 24 * 3600  # seconds, a year; a longer training is a mistake in its settings


class Stopwatch:
    """Clock of a run over all its sessions. done : progress of the earlier ones."""

    def __init__(self, done: Progress) -> None:
        self._start = time.perf_counter() - done.seconds
        self._busy = time.process_time() - done.core_seconds

    def progress(self, step: int) -> Progress:
        """Return the progress after a step that ends now."""
        return Progress(step, time.perf_counter() - self._start, time.process_time() - self._busy)


class Pace:
    """Clock of the first steps of a session, which then says how long the remaining ones take.

    done : steps of earlier sessions; steps : steps of the run
    """

    def __init__(self, settings: TrainSettings, done: int, steps: int) -> None:
        self._settings, self._steps = settings, steps
        self._first, self._last = done + 1, done + 1 + TIMED
        self._start = 0.0

    def check(self, step: int, loss: Tensor, ranks: Ranks) -> None:
        """Note the end of a step; after the last timed one, the first rank prints an estimate of a long training.

        loss : of the step; all ranks call this function together

        Raises
        ------
        SettingError : the remaining steps take longer than a year.
        """
        if step not in (self._first, self._last) or self._last >= self._steps:
            return
        loss.item()  # a GPU computes in the background; this waits for it
        if step == self._first:
            self._start = time.perf_counter()
            return
        with ranks.agreed():
            if ranks.first:
                self._estimate(step, (time.perf_counter() - self._start) / TIMED)

    def _estimate(self, step: int, each: float) -> None:
        left = self._steps - step
        text = f"{number(left)} steps of {each:.2g} s, as the first {TIMED} took, are about {duration(left * each)}"
        if left * each > LONGEST:
            key = "steps" if self._settings.steps is not None else "epochs"
            raise SettingError(f"{key}={number(getattr(self._settings, key))}: {text}: lower {key} with --set")
        if left * each > SHOWN:
            say(text)


def cost_of_run(folder: Path, config: RunConfig) -> Cost:
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
