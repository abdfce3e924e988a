"""Least squares with a ridge penalty in bounded memory: from sums of products, or, with many columns, from few rows.

The penalty of a column is relative to its mean square, so that its unit has no effect.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

Array = NDArray[np.float64]
T = TypeVar("T", bound=np.generic)
R = TypeVar("R", bound="Rows")

WIDE = 8_192
"""Largest number of columns for sums of products: 512 MiB. With more, SIDE rows are stored instead."""
SIDE = 4_096
COLUMNS = 1_024
"""Columns, or rows of many columns, that are in memory as float64 at once."""
PENALTIES = (1e-9, 1e-6, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""Penalties to select from, as fractions of a column's mean square."""


class Rows(Protocol):
    """Inputs (n, p) and targets (n, c), in the form that a fit needs."""

    @property
    def rows(self) -> int:
        """Number of rows."""

    def __add__(self, other: Self) -> Self:
        """Return the rows of both."""

    def of_targets(self, targets: slice) -> Self:
        """Return the same rows with some of the targets."""

    def solve(self, penalty: float) -> Array:
        """Return the weights W (p, c) that minimise |y - x W|^2 + penalty * sum_j mean(x_j^2) rows |W_j|^2."""

    def residual(self, weights: Array) -> float:
        """Return the sum of |y - x W|^2 over the rows."""

    def mean_squares(self, turn: Callable[[Array], Array] | None = None) -> Array:
        """Return the mean square of every column, after a rotation of the inputs if `turn` is given: (p,)."""


@dataclass(frozen=True)
class Sums:
    """Sums of products over rows: xx (p, p), xy (p, c) and yy (c,); rows : number of rows."""

    xx: Array
    xy: Array
    yy: Array
    rows: int

    @staticmethod
    def of(blocks: Iterable[tuple[Array, Array]]) -> "Sums":
        """Sum over blocks of inputs (n, p) and targets (n, c), at least one block."""
        sums = [(x.T @ x, x.T @ y, (y**2).sum(0), len(x)) for x, y in blocks]
        return Sums(*(sum(parts[1:], parts[0]) for parts in zip(*sums, strict=True)))

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(self.xx + other.xx, self.xy + other.xy, self.yy + other.yy, self.rows + other.rows)

    def first(self, columns: int) -> "Sums":
        """Return the sums for the first inputs alone."""
        return Sums(self.xx[:columns, :columns], self.xy[:columns], self.yy, self.rows)

    def of_targets(self, targets: slice) -> "Sums":
        """Return the sums for some of the targets."""
        return Sums(self.xx, self.xy[:, targets], self.yy[targets], self.rows)

    def solve(self, penalty: float) -> Array:
        """Return the weights W (p, c) that minimise |y - x W|^2 + penalty * sum_j mean(x_j^2) rows |W_j|^2."""
        scale = np.sqrt(np.diag(self.xx))
        scale = np.where(scale > 0, scale, 1.0)  # a column of zeros has no weight
        matrix = self.xx / scale / scale[:, None]
        matrix[np.diag_indices_from(matrix)] += penalty
        factor = cho_factor(matrix, check_finite=False)
        weights: Array = cho_solve(factor, self.xy / scale[:, None], check_finite=False) / scale[:, None]
        return weights

    def residual(self, weights: Array) -> float:
        """Return the sum of |y - x W|^2 over the rows."""
        fitted = (weights * (self.xx @ weights - 2 * self.xy)).sum()
        return float(self.yy.sum() + fitted)

    def mean_squares(self, turn: Callable[[Array], Array] | None = None) -> Array:
        moments = self.xx / self.rows
        squares: Array = np.diag(moments if turn is None else turn(turn(moments).T))
        return squares


@dataclass(frozen=True)
class Few:
    """The rows themselves, if they are fewer than columns: memory and time grow with their number n.

    x : (n, p) float32; y : (n, c); scale : (p,), square root of each column's sum of squares
    inner : (n, n), inner products of rows after division by `scale`
    """

    x: NDArray[np.float32]
    y: Array
    scale: Array
    inner: Array

    @staticmethod
    def of(blocks: Iterable[tuple[Array, Array]]) -> "Few":
        """Concatenate blocks of inputs (n, p) and targets (n, c), at least one block."""
        x, y = zip(*((x.astype(np.float32), y) for x, y in blocks), strict=True)
        return Few._of(np.concatenate(x), np.concatenate(y))

    @staticmethod
    def _of(x: NDArray[np.float32], y: Array) -> "Few":
        square = np.concatenate([np.einsum("np,np->p", part, part, dtype=np.float64) for part in columns_of(x)])
        scale = np.where(square > 0, np.sqrt(square), 1.0)  # a column of zeros has no weight
        return Few(x, y, scale, gram(x, scale))

    @property
    def rows(self) -> int:
        return len(self.x)

    def __add__(self, other: "Few") -> "Few":
        return Few._of(np.concatenate([self.x, other.x]), np.concatenate([self.y, other.y]))

    def of_targets(self, targets: slice) -> "Few":
        """Return the rows with some of the targets."""
        return replace(self, y=self.y[:, targets])

    def solve(self, penalty: float) -> Array:
        """Return the weights as `Sums.solve`: W = x' (x x' + penalty)^-1 y for columns of scale 1."""
        matrix = self.inner.copy()
        matrix[np.diag_indices_from(matrix)] += penalty
        dual = cho_solve(cho_factor(matrix, check_finite=False, overwrite_a=True), self.y, check_finite=False)
        weights = np.concatenate([part.T.astype(np.float64) @ dual for part in columns_of(self.x)])
        scaled: Array = weights / self.scale[:, None] ** 2
        return scaled

    def residual(self, weights: Array) -> float:
        """Return the sum of |y - x W|^2 over the rows."""
        parts = zip(columns_of(self.x), columns_of(weights.T), strict=True)
        fitted = sum((part.astype(np.float64) @ own.T for part, own in parts), np.zeros_like(self.y))
        return float(((self.y - fitted) ** 2).sum())

    def mean_squares(self, turn: Callable[[Array], Array] | None = None) -> Array:
        total, step = np.zeros(self.x.shape[1]), COLUMNS
        for start in range(0, len(self.x), step):
            block = self.x[start : start + step].astype(np.float64)
            total += ((block if turn is None else turn(block)) ** 2).sum(0)
        return total / self.rows


def columns_of(x: NDArray[T]) -> Iterator[NDArray[T]]:
    """Yield the columns of x (n, p) in blocks: (n, at most COLUMNS)."""
    for start in range(0, x.shape[1], COLUMNS):
        yield x[:, start : start + COLUMNS]


def gram(x: NDArray[np.float32], scale: Array) -> Array:
    """Inner products, in float64, of rows (n, p) whose columns are divided by a scale (p,): (n, n)."""
    inner = np.zeros((len(x), len(x)))
    for part, own in zip(columns_of(x), columns_of(scale[None]), strict=True):
        scaled = part / own
        inner += scaled @ scaled.T
    return inner


def fits(training: R, tuning: R | None, groups: Sequence[slice]) -> list[Array]:
    """Return the weights (p, c) of each group of targets, by `fit`."""
    if tuning is None or not tuning.rows:
        return [training.of_targets(group).solve(PENALTIES[len(PENALTIES) // 2]) for group in groups]
    both, weights = training + tuning, []
    for group in groups:
        own, held = training.of_targets(group), tuning.of_targets(group)
        best = min(PENALTIES, key=lambda penalty, own=own, held=held: held.residual(own.solve(penalty)))  # type: ignore[misc]
        weights.append(both.of_targets(group).solve(best))
    return weights


def fit(training: R, tuning: R | None) -> Array:
    """Select the penalty with the smallest residual on the tuning' rows, then fit the weights (p, c) on both.

    Without tuning the middle penalty is used.
    """
    return fits(training, tuning, [slice(None)])[0]
