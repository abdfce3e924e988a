"""Statistics that are resampled to first order, where to compute them anew for each bootstrap sample takes too long."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .bootstrap import Counts

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Linearised:
    """A statistic's value with its derivative by the weight of each object (infinitesimal jackknife).

    A bootstrap sample changes the weights of the objects, and the statistic by the mean influence of the drawn objects,
    up to second order: Jaeckel (1972); Efron (1982), "The jackknife, the bootstrap and other resampling plans".
    Resampling itself would bias a rank downwards, since an object that is drawn twice adds no direction.

    value : the statistic; influences : (objects,), mean 0; samples : number of images, pairs or queries behind it
    """

    value: float
    influences: Array
    samples: int

    @staticmethod
    def of(influences: Array, value: float) -> "Linearised":
        """Average the influences of samples over each object: influences (objects, samples of each)."""
        each = influences.mean(1)
        return Linearised(value, each - each.mean(), influences.size)

    def at(self, counts: Counts) -> Array:
        """Return the statistic of each bootstrap sample: counts (draws, objects) -> (draws,)."""
        drawn: Array = self.value + counts @ self.influences / counts.sum(1)
        return drawn
