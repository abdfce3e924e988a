"""Progress of several methods that are trained and scored beside each other, read from their files."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from iebench.baselines.method import find
from iebench.manifests.common.progress import Meter
from iebench.manifests.dataset import DatasetInfo

from ..training.config import RunConfig
from ..training.log import last
from ..training.runs import WEIGHTS
from .plan import Step

SCORING = 0.25  # time of a score, as a fraction of that of the longest training


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
    """A meter of several methods that are trained and scored, in training steps.

    A score counts as much as `SCORING` of the longest training, so that the remaining time includes it.

    steps : folder of a run -> all its training steps
    chains : folder of a run -> its commands that are left, of which the last one scores it
    """

    def __init__(self, steps: Mapping[Path, int], chains: Mapping[Path, Sequence[Step]]) -> None:
        self._steps, self._chains = steps, chains
        self._scoring = round(SCORING * max(steps.values(), default=0))
        total = sum(steps[run] + self._scoring for run in chains)
        self._meter = Meter("training and scoring", total, "steps", self._done())

    def __enter__(self) -> Self:
        self._meter.__enter__()
        return self

    def look(self) -> None:
        """Read the logs, and show the progress if there is any."""
        done = self._done()
        if done > self._meter.done:
            counts = {run: _trained(run, self._steps[run]) for run in self._chains}
            halfway = [f"{run.name} {count}" for run, count in counts.items() if 0 < count < self._steps[run]]
            self._meter.advance(done - self._meter.done, ", ".join(halfway))

    def _done(self) -> int:
        trained = sum(_trained(run, self._steps[run]) for run in self._chains)
        return trained + self._scoring * sum(steps[-1].done for steps in self._chains.values())

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.look()
        self._meter.__exit__(kind, error, tb)


def _trained(run: Path, steps: int) -> int:
    """Return the last logged step of a run, 0 before the first; all its steps if it has weights."""
    if (run / WEIGHTS).is_file():
        return steps
    line = last(run)
    return min(int(line["step"]), steps) if line else 0
