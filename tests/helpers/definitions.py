"""Metrics by their definitions, to compare with what the package computes from sums."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def r2_pooled(targets: Array, predictions: Array) -> float:
    """R2 as released with SIE: one scalar mean over all samples and components (n, c).

    It credits the offset between components, so a constant can score above 0 (0.229 on relative rotation).
    """
    return float(1 - ((targets - predictions) ** 2).sum() / ((targets - targets.mean()) ** 2).sum())


def r2_mean(targets: Array, predictions: Array) -> float:
    """R2 of each component of (n, c) against its own mean, averaged: scikit-learn's default; constants score <= 0."""
    residual = ((targets - predictions) ** 2).sum(0)
    return float((1 - residual / ((targets - targets.mean(0)) ** 2).sum(0)).mean())
