"""Metrics by their definitions, to compare with the package's computation from sums."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def r2_pooled(targets: Array, predictions: Array) -> float:
    """Return R2 as released with SIE: one scalar mean over all samples and components (n, c).

    It credits differences between the components' means: a constant can score above 0 (0.229 on relative rotation).
    """
    return float(1 - ((targets - predictions) ** 2).sum() / ((targets - targets.mean()) ** 2).sum())


def r2_mean(targets: Array, predictions: Array) -> float:
    """Return the mean over components of (n, c) of R2 about each mean: scikit-learn's default; constants give <= 0."""
    residual = ((targets - predictions) ** 2).sum(0)
    return float((1 - residual / ((targets - targets.mean(0)) ** 2).sum(0)).mean())
