"""Ranks with intervals, from draws that are of the same objects in every row.

Row i's rank interval has everything that cannot be excluded at the level: 1 + the rows that are better than it for
certain, to all rows but those that are worse for certain. Certain means that a paired difference is further from 0 than
the level's quantile, over draws, of the largest studentised deviation among all of row i's differences; thus the
interval holds the true rank with that probability however many rows there are (Mogstad, Romano, Shaikh, Wilhelm 2024,
"Inference for ranks", Review of Economic Studies 91(1), marginal confidence sets).

Two rows that differ by the same in every draw, as at 0 and 100 %, leave nothing to draw from. Their difference is
certain if it would stay above 0 with as many objects of the opposite difference as may have gone unseen
(`bootstrap.exact`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .bootstrap import FLAT, unseen

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Rank:
    """A place from 1. low, high : its interval; `low` 1 says that no row is better beyond chance."""

    place: int
    low: int
    high: int


def ranks(
    values: Array, draws: Array, level: float, higher: bool, objects: int, within: tuple[float, float] | None = None
) -> list[Rank]:
    """The rank of every row by its value.

    values : (rows,); draws : (rows, draws), of the same objects in every row
    level : coverage, such as 0.95; higher : whether more is better
    objects : that were drawn; within : the range of an object's value, None where it has no ends

    >>> draws = np.random.default_rng(0).normal([[0.1], [0.5], [0.5]], 0.01, (3, 99))
    >>> ranks(np.array([0.1, 0.5, 0.5]), draws, 0.95, higher=True, objects=50)
    [Rank(place=3, low=3, high=3), Rank(place=1, low=1, high=2), Rank(place=1, low=1, high=2)]
    """
    sign = 1.0 if higher else -1.0
    values, draws = sign * values, sign * draws
    width = np.inf if within is None else within[1] - within[0]
    hidden = unseen((1 - level) / max(1, len(values) - 1), objects)  # with any of the other rows
    return [_rank(values, draws, i, level, width, hidden) for i in range(len(values))]


def _rank(values: Array, draws: Array, i: int, level: float, width: float, hidden: float) -> Rank:
    ahead = values - values[i]  # of every row before row i
    apart = draws - draws[i]
    error = apart.std(1)
    varying = error > FLAT * np.abs(apart).max(1)
    spread = np.where(varying, error, 1.0)
    largest = (np.abs(apart - ahead[:, None]) / spread[:, None])[varying].max(0, initial=0.0)
    margin = np.where(varying, np.quantile(largest, level) * error, hidden * (width + np.abs(ahead)))
    better, worse = int((ahead > margin).sum()), int((-ahead > margin).sum())
    return Rank(1 + int((ahead > 0).sum()), 1 + better, len(values) - worse)
