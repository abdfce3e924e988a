"""Groups of runs that differ only in the training seed, as one row: mean, spread, samples of objects and seeds."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from iebench.manifests.text.plain_text import cleaned

from ..metrics.known import info_of
from ..results.score import Score
from ..statistics.bootstrap import Estimate, interval, widened
from ..training.run_settings import BEFORE, FREE, recorded_settings

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Value:
    """A metric of a row.

    estimate : entry of one run, or mean over seeds with the interval of `draws`
    draws : (draws,) bootstrap samples, None if there are none
    spread : standard deviation over training seeds, None for one run (that of `estimate` is over heads)
    """

    estimate: Estimate
    draws: Array | None
    spread: float | None


@dataclass(frozen=True)
class SeedGroup:
    """The runs of a row. name : name of the row; scores : by file, one per seed."""

    name: str
    scores: Mapping[Path, Score]

    def values(self, part: str) -> dict[str, Value]:
        """Return the values of a part that all runs have, by metric."""
        scores = list(self.scores.values())
        shared = [metric for metric in scores[0].values[part] if all(metric in s.values[part] for s in scores)]
        return {metric: _value(scores, part, metric) for metric in shared}


def grouped(scores: Mapping[Path, Score]) -> list[SeedGroup]:
    """Group scores by method: runs whose configurations differ only in the seed, in the order of the files.

    An external encoder is a group of its own. If groups have the same name, a file name is added.
    """
    groups: dict[object, dict[Path, Score]] = {}
    for path, score in scores.items():
        runs = groups.setdefault(_configuration(score) or path, {})
        if any(other.run["seed"] == score.run["seed"] for other in runs.values()):
            runs = groups[path] = {}  # a repeated run is not a further seed
        runs[path] = score
    names = [_name(list(runs.values())) for runs in groups.values()]
    return [
        SeedGroup(name if names.count(name) == 1 else f"{name} ({cleaned(str(next(iter(runs))))})", runs)
        for name, runs in zip(names, groups.values(), strict=True)
    ]


def _configuration(score: Score) -> str:
    """Return a run's configuration as text, without seed, machine and settings that change no step; "" if external."""
    kept = {key: value for key, value in score.run.items() if key not in ("seed", "device", "versions", "settings")}
    kept |= {key: value for key, value in {**BEFORE, **score.run.get("settings", {})}.items() if key not in FREE}
    kept["method_settings"] = recorded_settings(kept.get("method_settings", {}))
    return json.dumps([kept, score.encoder.resolution, score.seed], sort_keys=True) if "seed" in score.run else ""


def _name(scores: list[Score]) -> str:
    """Return the name of a single run; for several, the common start of their names, or the method."""
    if len(scores) == 1:
        return scores[0].name
    letters = zip(*(score.name for score in scores), strict=False)
    same = "".join(letter[0] for letter in takewhile(lambda letter: len(set(letter)) == 1, letters))
    shared = same.rstrip("0123456789").removesuffix("-s").rstrip("-_ ")
    return shared or str(scores[0].run.get("method", scores[0].name))


def _value(scores: list[Score], part: str, metric: str) -> Value:
    entries = [score.values[part][metric] for score in scores]
    drawn = [draws for score in scores if (draws := score.resamples.drawn(part, metric)) is not None]
    level, range_ = scores[0].protocol.level, info_of(metric, scores[0].metrics).of_object
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
    """Average bootstrap samples over seeds that are drawn with replacement too: (seeds, draws) -> (draws,).

    A sample has the same objects for all seeds and methods; the drawn seeds depend on the number of seeds alone.
    """
    seeds, count = draws.shape
    chosen = np.random.default_rng(seeds).integers(0, seeds, (seeds, count))
    mean: Array = np.take_along_axis(draws, chosen, axis=0).mean(0)
    return mean
