"""How well the values of a latent follow the law that a recipe declares for it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import kolmogorov

from .laws import Law

EPSILON = 1e-9  # in the latent's unit: how far a value may lie off the law's support


@dataclass(frozen=True)
class Fit:
    """Values against a law.

    count, least, greatest : of the values
    outside : how many lie where the law never falls
    distance : Kolmogorov-Smirnov, the largest difference between the values' distribution and the law's, in [0, 1]
    chance : of a distance as large if the values were that many independent draws from the law
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
