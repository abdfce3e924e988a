"""Ranks with intervals, from bootstrap samples of the same objects in every row.

Row i's rank interval has all ranks that cannot be excluded at the level: from 1 + the number of rows that are certainly
better, to the number of rows that are not certainly worse. A difference is certain if it is further from 0 than the
level's quantile, over bootstrap samples, of the largest studentised deviation among all of row i's paired differences.
The interval thus contains the true rank with that probability, whatever the number of rows (Mogstad, Romano, Shaikh,
Wilhelm 2024, "Inference for ranks", Review of Economic Studies 91(1), marginal confidence sets).

If two rows differ by the same amount in every bootstrap sample, as at 0 and 100 %, the bootstrap gives no margin. Their
difference is certain if it stays above 0 with the largest number of unseen objects of the opposite difference
(`bootstrap.exact`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .bootstrap import FLAT, unseen

Array = NDArray[np.float64]


@dataclass(frozen=True)
class RankInterval:
    """A rank from 1. low, high : its interval; a `low` of 1 means that no row is significantly better."""

    value: int
    low: int
    high: int


def ranks(
    values: Array, draws: Array, level: float, higher: bool, objects: int, within: tuple[float, float] | None = None
) -> list[RankInterval]:
    """Return the rank of every row by its value.

    values : (rows,); draws : (rows, bootstrap samples), of the same objects in every row
    level : coverage, such as 0.95; higher : whether more is better
    objects : number of objects; within : range of an object's value, None if unbounded

    >>> draws = np.random.default_rng(0).normal([[0.1], [0.5], [0.5]], 0.01, (3, 99))
    >>> ranks(np.array([0.1, 0.5, 0.5]), draws, 0.95, higher=True, objects=50)
    [RankInterval(value=3, low=3, high=3), RankInterval(value=1, low=1, high=2), RankInterval(value=1, low=1, high=2)]
    """
    sign = 1.0 if higher else -1.0
    values, draws = sign * values, sign * draws
    width = np.inf if within is None else within[1] - within[0]
    hidden = unseen((1 - level) / max(1, len(values) - 1), objects)  # together with all other rows
    return [_rank(values, draws, i, level, width, hidden) for i in range(len(values))]


def _rank(values: Array, draws: Array, i: int, level: float, width: float, hidden: float) -> RankInterval:
    ahead = values - values[i]  # difference of every row to row i
    differences = draws - draws[i]
    error = differences.std(1)
    varying = error > FLAT * np.abs(differences).max(1)
    spread = np.where(varying, error, 1.0)
    largest = (np.abs(differences - ahead[:, None]) / spread[:, None])[varying].max(0, initial=0.0)
    margin = np.where(varying, np.quantile(largest, level) * error, hidden * (width + np.abs(ahead)))
    better, worse = int((ahead > margin).sum()), int((-ahead > margin).sum())
    return RankInterval(1 + int((ahead > 0).sum()), 1 + better, len(values) - worse)
