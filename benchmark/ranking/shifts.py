"""Scores under a shift on a leaderboard: tables of their own, with the change against the probes' own val split.

iebench leaderboard runs/*/ask-mini-turn.json
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import ScoreFileError
from ..results.score import Score
from ..statistics.bootstrap import interval
from ..statistics.resamples import unpack
from .seeds import SeedGroup, over_seeds

Array = NDArray[np.float64]
LEGEND = "the value on the scored dataset minus that of the same probes on their own val split"


@dataclass(frozen=True)
class Change:
    """Difference of a value between two val splits: scored minus the probes' own, a mean over training seeds.

    low, high : bootstrap interval over objects and seeds, paired where the objects are the same; None without samples
    """

    value: float
    low: float | None
    high: float | None


def by_shift(scores: Mapping[Path, Score]) -> list[dict[Path, Score]]:
    """Divide scores into those without a shift, and those of each pair of datasets; in this order."""
    kinds: dict[tuple[str, str], dict[Path, Score]] = {}
    for path, score in scores.items():
        key = ("", "") if score.shift is None else (score.shift.dataset.fingerprint, score.dataset.fingerprint)
        kinds.setdefault(key, {})[path] = score
    return [kinds[key] for key in sorted(kinds)]


def change(group: SeedGroup, part: str, metric: str) -> Change | None:
    """Return the change of a metric; None if a score has no shift or no such value on the own val split."""
    scores = list(group.scores.values())
    pairs = [_values(score, part, metric) for score in scores]
    if not all(pairs):
        return None
    value = float(np.mean([scored - own for scored, own in filter(None, pairs)]))
    draws = [_draws(score, part, metric) for score in scores]
    drawn = [each for each in draws if each is not None]
    if len(drawn) < len(scores):
        return Change(value, None, None)
    low, high = interval(
        drawn[0] if len(drawn) == 1 else over_seeds(np.stack(drawn)), scores[0].protocol.level
    ).tolist()
    return Change(value, low, high)


def shown_name(score: Score) -> str:
    """Return the pair of datasets as tables mark it, " (A -> B)"; "" without a shift."""
    return f" ({score.shift.dataset.name} → {score.dataset.name})" if score.shift else ""


def _values(score: Score, part: str, metric: str) -> tuple[float, float] | None:
    own = score.shift.values.get(part, {}).get(metric) if score.shift else None
    return None if own is None else (score.values[part][metric].value, own.value)


def _draws(score: Score, part: str, metric: str) -> Array | None:
    """Return the change in every bootstrap sample.

    Samples of other objects are moved by one, so that those of the two datasets, from one seed, are independent.
    """
    scored = score.resamples.drawn(part, metric)
    packed = score.shift.draws.get(part, {}).get(metric) if score.shift else None
    if scored is None or packed is None or score.shift is None:
        return None
    own = unpack(packed)
    if len(own) != len(scored):
        raise ScoreFileError(
            f"{score.name} has {len(scored)} and {len(own)} bootstrap samples of {metric}: score again"
        )
    return scored - (own if score.shift.paired else np.roll(own, 1))
