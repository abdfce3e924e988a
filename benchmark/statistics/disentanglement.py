"""Alignment of single columns of a representation with single factors: mutual information gap, and DCI.

Statistics over val objects; everything that is fitted on train is an input (`probes/disentanglement.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .bootstrap import Counts

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
NUMBERS = 2**23  # importances in memory at once while they are resampled


def joint(factor: Codes, columns: Codes, states: int, bins: int) -> Array:
    """Count how often each state of a factor and each bin of each column occur together.

    factor : (n,) in [0, states); columns : (n, D) in [0, bins). Returns (D, states, bins).
    """
    counts = [np.bincount(factor * bins + column, minlength=states * bins) for column in columns.T]
    return np.stack(counts).reshape(-1, states, bins).astype(np.float64)


def entropy(counts: Array) -> Array:
    """Entropy in nats of the distribution with counts (..., k): (...); 0 if all counts are 0."""
    shares = _shares(counts)
    nats: Array = -(shares * np.log(shares, out=np.zeros_like(shares), where=shares > 0)).sum(-1)
    return nats


def information(tables: Array) -> Array:
    """Mutual information in nats of rows and columns of tables of counts (..., a, b): (...)."""
    both = entropy(tables.reshape(*tables.shape[:-2], -1))
    shared: Array = entropy(tables.sum(-1)) + entropy(tables.sum(-2)) - both
    return shared


def disentanglement(importance: Array) -> Array:
    """Return 1 - entropy of a column's importances over the factors, in units of log K, weighted by total importance.

    importance : (..., D, K), not negative, K > 1. Returns (...): 1 if no column matters for two factors, 0 if every
        column matters equally for all factors or nothing is important. Eastwood and Williams (2018).
    """
    pure = 1 - entropy(importance) / np.log(importance.shape[-1])
    weighted: Array = (pure * _shares(importance.sum(-1))).sum(-1)
    return weighted


def completeness(importance: Array) -> Array:
    """Return 1 - entropy of a factor's importances over the columns, in units of log D, averaged over the factors.

    importance : (..., D, K), not negative, D > 1. Returns (...): 1 if one column matters for each factor; a factor
        without important columns counts as 0. Eastwood and Williams (2018).
    """
    each = 1 - entropy(np.swapaxes(importance, -1, -2)) / np.log(importance.shape[-2])
    mean: Array = (each * (importance.sum(-2) > 0)).mean(-1)
    return mean


def _shares(counts: Array) -> Array:
    total = counts.sum(-1, keepdims=True)
    return np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)


@dataclass(frozen=True)
class Gap:
    """Mutual information gap, mean over factors: information in the best column minus the next, over the entropy.

    views : samples per object; tables : for each factor (2, objects, states, bins), counts of its states in the bins of
    the column with the most information and of the next one. Chen et al. (2018), "Isolating sources of disentanglement
    in VAEs", (I1 - I2) / H, for given columns.
    """

    views: int
    tables: Sequence[NDArray[np.uint16]]

    @property
    def samples(self) -> int:
        return self.views * self.tables[0].shape[1]

    def at(self, counts: Counts) -> Array:
        weights, gaps = counts.astype(np.float64), []
        for table in self.tables:
            flat = table.reshape(*table.shape[:2], -1).astype(np.float64)
            drawn = [(weights @ column).reshape(-1, *table.shape[2:]) for column in flat]
            known = entropy(drawn[0].sum(-1))
            gap = information(drawn[0]) - information(drawn[1])
            gaps.append(np.divide(gap, known, out=np.zeros_like(gap), where=known > 0))
        mean: Array = np.mean(gaps, axis=0)
        return mean


@dataclass(frozen=True)
class Alignment:
    """Disentanglement or completeness of importances that are sums over objects; negative importances count as 0.

    views : samples per object; sums : for each factor (objects, D)
    """

    views: int
    sums: Sequence[NDArray[np.float32]]
    kind: Literal["disentanglement", "completeness"]

    @property
    def samples(self) -> int:
        return self.views * len(self.sums[0])

    def at(self, counts: Counts) -> Array:
        weights, measure = counts.astype(np.float32), {"disentanglement": disentanglement, "completeness": completeness}
        step = max(1, NUMBERS // (self.sums[0].shape[1] * len(self.sums)))

        def of(weights: NDArray[np.float32]) -> Array:
            drawn = np.stack([weights @ total for total in self.sums], axis=-1).astype(np.float64)
            return measure[self.kind](np.maximum(drawn, 0))

        return np.concatenate([of(weights[i : i + step]) for i in range(0, len(weights), step)])
