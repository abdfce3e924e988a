"""Linear least squares with a penalty, from sums alone: any number of rows in bounded memory.

The penalty of a column is relative to its mean square, so that its unit does not matter.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

Array = NDArray[np.float64]

PENALTIES = (1e-9, 1e-6, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""What is tried, as shares of a column's mean square."""


@dataclass(frozen=True)
class Sums:
    """What rows leave behind: xx (p, p), xy (p, c) and yy (c,) sums of products, and how many rows there were."""

    xx: Array
    xy: Array
    yy: Array
    rows: int

    @staticmethod
    def of(blocks: Iterable[tuple[Array, Array]]) -> "Sums":
        """From blocks of inputs (n, p) and targets (n, c), at least one."""
        sums = [(x.T @ x, x.T @ y, (y**2).sum(0), len(x)) for x, y in blocks]
        return Sums(*(sum(parts[1:], parts[0]) for parts in zip(*sums, strict=True)))

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(self.xx + other.xx, self.xy + other.xy, self.yy + other.yy, self.rows + other.rows)

    def first(self, columns: int) -> "Sums":
        """The sums of the first inputs alone."""
        return Sums(self.xx[:columns, :columns], self.xy[:columns], self.yy, self.rows)

    def of_targets(self, targets: slice) -> "Sums":
        """The sums of some targets alone."""
        return Sums(self.xx, self.xy[:, targets], self.yy[targets], self.rows)

    def solve(self, penalty: float) -> Array:
        """The weights W (p, c) of the smallest |y - x W|^2 + penalty * sum_j mean(x_j^2) rows |W_j|^2."""
        scale = np.sqrt(np.diag(self.xx))
        scale = np.where(scale > 0, scale, 1.0)  # a column of zeros weighs nothing
        matrix = self.xx / scale / scale[:, None]
        matrix[np.diag_indices_from(matrix)] += penalty
        factor = cho_factor(matrix, check_finite=False)
        weights: Array = cho_solve(factor, self.xy / scale[:, None], check_finite=False) / scale[:, None]
        return weights

    def residual(self, weights: Array) -> float:
        """The sum of |y - x W|^2 over the rows."""
        fitted = (weights * (self.xx @ weights - 2 * self.xy)).sum()
        return float(self.yy.sum() + fitted)


def fit(learners: Sums, tuners: Sums | None) -> Array:
    """The weights (p, c) with the penalty that leaves the tuners' rows the smallest residual, then learnt from both.

    Without tuners the penalty is the middle one.
    """
    if tuners is None or not tuners.rows:
        return learners.solve(PENALTIES[len(PENALTIES) // 2])
    best = min(PENALTIES, key=lambda penalty: tuners.residual(learners.solve(penalty)))
    return (learners + tuners).solve(best)
