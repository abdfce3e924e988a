"""Progress of several runs that train beside each other, read from their logs."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from iebench.baselines.method import find
from iebench.manifests.common.progress import Meter
from iebench.manifests.dataset import DatasetInfo

from ..training.config import RunConfig
from ..training.log import last


def lengths(methods: Iterable[str], preset: str, data: Path, runs: Path) -> dict[Path, int]:
    """Return the number of training steps of each method by the folder of its run; methods that do not train have 0.

    Raises
    ------
    UnknownName, SettingError, DatasetError : see `RunConfig.of`.
    """
    objects = int(DatasetInfo.load(data).counts["train"]["objects"])
    steps = {}
    for method in methods:
        config = RunConfig.of(method, preset, (), data, 0, "auto")
        steps[runs / method] = config.settings.total_steps(objects) if find(method).method.trains else 0
    return steps


class Progress:
    """A meter of the training steps of several runs. steps : folder of a run -> all its steps"""

    def __init__(self, steps: Mapping[Path, int]) -> None:
        self._steps = steps
        self._meter = Meter("training", sum(steps.values()), "steps", sum(map(_done, steps)))

    def __enter__(self) -> Self:
        self._meter.__enter__()
        return self

    def look(self) -> None:
        """Read the logs, and show the progress."""
        done = {run: _done(run) for run in self._steps}
        halfway = [f"{run.name} {done[run]}/{steps}" for run, steps in self._steps.items() if 0 < done[run] < steps]
        self._meter.advance(sum(done.values()) - self._meter.done, ", ".join(halfway))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.look()
        self._meter.__exit__(kind, error, tb)


def _done(run: Path) -> int:
    """Return the last logged step of a run, 0 before the first."""
    line = last(run)
    return int(line["step"]) if line else 0
