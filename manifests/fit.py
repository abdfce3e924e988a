"""Compare the values of a latent with the law that the recipe declares for it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import kolmogorov

from .laws import Law

EPSILON = 1e-9  # in the latent's unit: a value this close to the law's support counts as inside


@dataclass(frozen=True)
class Fit:
    """Result of comparing values with a law.

    count, least, greatest : number, minimum and maximum of the values
    outside : number of values outside the law's support
    distance : Kolmogorov-Smirnov distance between the values' distribution and the law's, in [0, 1]
    chance : p-value, the probability of a distance at least as large for `count` independent draws from the law
    """

    count: int
    least: float
    greatest: float
    outside: int
    distance: float
    chance: float


def fit(values: NDArray[np.float64], law: Law) -> Fit:
    """Compare values (n,), n >= 1, with a law."""
    ordered = np.sort(values)
    count = len(ordered)
    below, upto = law.cdf(np.nextafter(ordered, -np.inf)), law.cdf(ordered)
    steps = np.arange(count + 1) / count
    # ties count as one step: the empirical distribution just below and at each value
    first, last = np.searchsorted(ordered, ordered, "left"), np.searchsorted(ordered, ordered, "right")
    distance = float(max(np.abs(steps[last] - upto).max(), np.abs(steps[first] - below).max()))
    outside = int((law.cdf(ordered + EPSILON) == law.cdf(ordered - EPSILON)).sum())
    chance = float(kolmogorov(distance * np.sqrt(count)))
    return Fit(count, float(ordered[0]), float(ordered[-1]), outside, distance, chance)
