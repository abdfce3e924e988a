"""Runs that differ only in their training seed, as one row: mean, spread, and draws of objects and seeds."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from iebench.manifests.text.plain_text import cleaned

from ..results.score import Score
from ..statistics.bootstrap import Measured, interval, widened
from ..statistics.metric_info import within
from ..training.run_settings import BEFORE, FREE, told

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Value:
    """One metric of one row.

    measured : of one run, or the mean over seeds with the interval of `draws`
    draws : (draws,), None for what was not resampled
    spread : standard deviation over training seeds, None for one run (that of `measured` is over heads)
    """

    measured: Measured
    draws: Array | None
    spread: float | None


@dataclass(frozen=True)
class Group:
    """A row's runs. name : what the row is called; scores : by file, one for each seed."""

    name: str
    scores: Mapping[Path, Score]

    def values(self, part: str) -> dict[str, Value]:
        """What was measured of a part in all of its runs, by metric."""
        scores = list(self.scores.values())
        shared = [metric for metric in scores[0].values[part] if all(metric in s.values[part] for s in scores)]
        return {metric: _value(scores, part, metric) for metric in shared}


def grouped(scores: Mapping[Path, Score]) -> list[Group]:
    """Scores by method: runs whose configurations agree but for the seed belong together, in the order of the files.

    An encoder that was not trained here stands alone. Groups that would share a name are told apart by a file.
    """
    found: dict[object, dict[Path, Score]] = {}
    for path, score in scores.items():
        runs = found.setdefault(_configuration(score) or path, {})
        if any(other.run["seed"] == score.run["seed"] for other in runs.values()):
            runs = found[path] = {}  # the same run again is no further seed
        runs[path] = score
    names = [_name(list(runs.values())) for runs in found.values()]
    return [
        Group(name if names.count(name) == 1 else f"{name} ({cleaned(str(next(iter(runs))))})", runs)
        for name, runs in zip(names, found.values(), strict=True)
    ]


def _configuration(score: Score) -> str:
    """What the run was but for seed, machine and what changes no step, as text; "" for an encoder from elsewhere."""
    kept = {key: value for key, value in score.run.items() if key not in ("seed", "device", "versions", "settings")}
    kept |= {key: value for key, value in {**BEFORE, **score.run.get("settings", {})}.items() if key not in FREE}
    kept["method_settings"] = told(kept.get("method_settings", {}))
    return json.dumps([kept, score.encoder.resolution, score.seed], sort_keys=True) if "seed" in score.run else ""


def _name(scores: list[Score]) -> str:
    """One run's own name; of several what their names begin with, or the method."""
    if len(scores) == 1:
        return scores[0].name
    letters = zip(*(score.name for score in scores), strict=False)
    same = "".join(letter[0] for letter in takewhile(lambda letter: len(set(letter)) == 1, letters))
    shared = same.rstrip("0123456789").removesuffix("-s").rstrip("-_ ")
    return shared or str(scores[0].run.get("method", scores[0].name))


def _value(scores: list[Score], part: str, metric: str) -> Value:
    entries = [score.values[part][metric] for score in scores]
    drawn = [draws for score in scores if (draws := score.resamples.drawn(part, metric)) is not None]
    level, range_ = scores[0].protocol.level, within(metric, scores[0].metrics)
    if len(scores) == 1:
        return Value(widened(entries[0], level, range_), drawn[0] if drawn else None, None)
    numbers = np.array([entry.value for entry in entries])
    mean, spread = float(numbers.mean()), float(numbers.std(ddof=1))
    if len(drawn) < len(scores):
        low, high = min(entry.low for entry in entries), max(entry.high for entry in entries)
        draws = None
    else:
        draws = over_seeds(np.stack(drawn))
        low, high = interval(draws, level).tolist()
    mixed = dataclasses.replace(entries[0], value=mean, low=low, high=high, spread=None)
    return Value(widened(mixed, level, range_), draws, spread)


def over_seeds(draws: Array) -> Array:
    """The mean over seeds in every draw, seeds drawn with replacement too: (seeds, draws) -> (draws,).

    Objects are the same in a draw for all seeds and all methods; which seeds are drawn follows from their number alone.
    """
    seeds, count = draws.shape
    chosen = np.random.default_rng(seeds).integers(0, seeds, (seeds, count))
    mean: Array = np.take_along_axis(draws, chosen, axis=0).mean(0)
    return mean
