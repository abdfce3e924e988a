"""Ratios for the bootstrap: unexplained and explained variance, from sums per object without cancellation.

Every ratio is 1 - residual / spread, or residual / spread. Sums of squares are of centred numbers, so that their
differences are precise. A spread at the level of rounding counts as no variance; the residual is then all of it, and
R2 is 0.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .bootstrap import Counts

Array = NDArray[np.float64]

ROUNDING = 1e-9  # smaller deviations, relative to the largest number, are rounding
CANCELLED = 1e-12  # of a sum of squares; a smaller difference has lost its digits
NOTHING = 1e-12  # a smaller sum of squares of numbers near 1 is rounding
LEAST = 1e-2  # of the largest deviation; components that vary by less are left out of averages


def varying(*splits: Array) -> NDArray[np.int64]:
    """Return the components of a target that vary in all splits, relative to the others; averages of R2 are over them.

    R2 of a component that hardly varies is a quotient by almost zero: an error that is invisible in any other component
    makes it arbitrarily negative.

    splits : (n, c) targets in the same unit
    returns : (k,) indices of components, ascending; empty if none varies
    """
    kept = np.ones(splits[0].shape[1], np.bool_)
    for targets in splits:
        deviation = targets.std(0)
        kept &= deviation > max(LEAST * deviation.max(), ROUNDING * np.abs(targets).max())
    return np.flatnonzero(kept)


@dataclass(frozen=True)
class Share:
    """A sum as a fraction of another, such as a squared error of a variance; 1 if the other one is 0.

    sums, totals : (objects,), both summed over an object's samples; samples : number of samples
    """

    sums: Array
    totals: Array
    samples: int

    @staticmethod
    def of(values: Array, wholes: Array, objects: NDArray[np.int64]) -> "Share":
        """Sum values and the numbers that they are a share of, (n,) of samples that belong to objects (n,)."""
        sums, total = (np.bincount(objects, numbers).astype(np.float64) for numbers in (values, wholes))
        return Share(sums, total, len(values))

    @property
    def each(self) -> Array:
        """Fraction within each object: (objects,)."""
        return _unexplained(self.sums, self.totals, NOTHING)

    def at(self, counts: Counts) -> Array:
        return _unexplained(counts @ self.sums, counts @ self.totals, NOTHING)


@dataclass(frozen=True)
class R2:
    """R2 of a regression.

    Pooled, as released with SIE: about one scalar mean over all samples and components. It rewards the offset between
    components, so that a constant can score above 0 (0.229 on relative rotation). Not pooled: R2 of each component
    about its own mean, averaged, scikit-learn's default; a constant scores at most 0.

    sizes : (objects,); residual, linear, square : (objects, c), sums of (t - p)^2, t and t^2 over an object's samples,
        t centred
    nothing : variance of t at the level of rounding
    """

    sizes: Array
    residual: Array
    linear: Array
    square: Array
    pooled: bool
    nothing: float

    @staticmethod
    def of(targets: Array, predictions: Array, objects: NDArray[np.int64], pooled: bool) -> "R2":
        """Sum targets and predictions (n, c) of samples that belong to objects (n,)."""

        def sums(values: Array) -> Array:
            return np.stack([np.bincount(objects, column) for column in values.T], axis=1)

        # the pooled kind is about one mean over all components
        centred = targets - (targets.mean() if pooled else targets.mean(0))
        return R2(
            sizes=np.bincount(objects).astype(np.float64),
            residual=sums((targets - predictions) ** 2),
            linear=sums(centred),
            square=sums(centred**2),
            pooled=pooled,
            nothing=float((ROUNDING * np.abs(targets).max(initial=0.0)) ** 2),
        )

    @property
    def samples(self) -> int:
        return int(self.sizes.sum())

    def at(self, counts: Counts) -> Array:
        n, residual = (counts @ self.sizes)[:, None], counts @ self.residual
        linear, square = counts @ self.linear, counts @ self.square
        if self.pooled:
            n = n * linear.shape[1]
            residual, linear, square = (sums.sum(1, keepdims=True) for sums in (residual, linear, square))
        left = _unexplained(residual, square - linear**2 / n, n * self.nothing + CANCELLED * square)
        mean: Array = (1.0 - left).mean(1)
        return mean


@dataclass(frozen=True)
class Explained:
    """Fraction of a vector's variance that a prediction explains: R2 over all dimensions together, each centred.

    A bootstrap sample keeps the mean of all objects, to first order. About its own mean its variance would be too small
    by that between objects / their number: a share near 0 would lie above its own interval.

    views : samples per object; residual, square : (objects,), sums of |z - p|^2 and |z|^2 over an object's samples, z
        centred; linear : (objects, D), sums of z
    nothing : variance of z, over all dimensions, at the level of rounding
    """

    views: int
    residual: Array
    linear: Array
    square: Array
    nothing: float

    @property
    def samples(self) -> int:
        return self.views * len(self.residual)

    def at(self, counts: Counts) -> Array:
        samples, square = self.views * counts.sum(1), counts @ self.square
        centre = self.linear.mean(0) / self.views
        spread = counts @ (self.square - 2 * self.linear @ centre + self.views * (centre @ centre))
        return 1.0 - _unexplained(counts @ self.residual, spread, samples * self.nothing + CANCELLED * square)


@dataclass(frozen=True)
class Between(Explained):
    """Fraction of a vector's variance that lies between objects, by analysis of variance with random effects.

    residual : (objects,), sums of |z - mean of the object|^2. The sampling noise of the objects' means is subtracted.
    """

    def at(self, counts: Counts) -> Array:
        objects = counts.sum(1)
        within = counts @ self.residual / (objects * max(1, self.views - 1))
        # sums of squares of the objects' means about the grand mean
        means = (counts @ (self.linear**2).sum(1) - ((counts @ self.linear) ** 2).sum(1) / objects) / self.views**2
        between = means / np.maximum(objects - 1, 1) - within / self.views
        return 1.0 - _unexplained(within, within + between, self.nothing)


def _unexplained(residual: Array, spread: Array, least: float | Array) -> Array:
    """Return residual / spread; 1 if the spread is at most `least`, since there is no variance to explain."""
    return np.divide(residual, spread, out=np.ones_like(residual), where=spread > least)
