"""Ridge regression, solved to its optimum for a whole grid of penalties, from one eigendecomposition in float64.

For inputs x (p,) and targets y (c,) of n rows, the weights W (p, c) and the intercept b (c,) minimise

    mean |y - b - x W|^2 + penalty * |W|^2

so that a penalty has the same meaning for any number of rows; scikit-learn's `Ridge(alpha)` has alpha = penalty * n.
Inputs and targets are centred, and the intercept is not penalised. The decomposition is that of the p x p covariance,
or, with more columns than rows, of the n x n matrix of inner products. An infinite penalty predicts the targets' mean.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

NOTHING = 1e-13
"""Smallest variance, relative to the largest, that is more than rounding; directions with less are left out."""

Blocks = Callable[[], Iterator[Tensor]]
"""Starts a pass over rows: yields blocks (b, p) float64, the same ones in every pass."""


@dataclass(frozen=True)
class Spectrum:
    """Principal directions of inputs. mean : (p,); axes : (p, r), orthonormal; variances : (r,), falling."""

    mean: Tensor
    axes: Tensor
    variances: Tensor

    @staticmethod
    def of(blocks: Blocks) -> "Spectrum":
        """Decompose all rows of some blocks, at least one row.

        Memory: p x p numbers, or n x (n + p) with fewer rows n than columns, in addition to a block.
        """
        rows, total = 0, torch.zeros(())
        for block in blocks():
            rows, total = rows + len(block), total.to(block) + block.sum(0)
        mean = total / rows
        if rows < len(mean):
            return Spectrum._of_few(torch.cat(list(blocks())) - mean, mean)
        moments = torch.zeros(len(mean), len(mean), dtype=mean.dtype, device=mean.device)
        for block in blocks():
            centred = block - mean
            moments += centred.T @ centred
        values, vectors = torch.linalg.eigh(moments / rows)
        kept = _kept(values)
        return Spectrum(mean, vectors[:, kept], values[kept])

    @staticmethod
    def _of_few(centred: Tensor, mean: Tensor) -> "Spectrum":
        """Decompose rows (n, p), fewer than columns."""
        values, vectors = torch.linalg.eigh(centred @ centred.T / len(centred))
        kept = _kept(values)
        lengths = (values[kept] * len(centred)).sqrt()
        return Spectrum(mean, centred.T @ (vectors[:, kept] / lengths), values[kept])

    def coordinates(self, inputs: Tensor) -> Tensor:
        """Return coordinates of inputs along the axes, centred: (n, p) -> (n, r)."""
        return (inputs - self.mean) @ self.axes


@dataclass(frozen=True)
class LinearFit:
    """A linear predictor, b + (x - mean) W. mean : (p,); weights : (p, c); intercept : (c,)."""

    mean: Tensor
    weights: Tensor
    intercept: Tensor

    def of(self, targets: slice) -> "LinearFit":
        """Return the predictor of some of the targets."""
        return LinearFit(self.mean, self.weights[:, targets], self.intercept[targets])

    def __call__(self, inputs: Tensor) -> Tensor:
        """Predict (n, c) from inputs (n, p)."""
        return (inputs - self.mean) @ self.weights + self.intercept


@dataclass(frozen=True)
class Ridge:
    """Ridge regression for all penalties. moments : (r, c), mean products of coordinates and targets."""

    spectrum: Spectrum
    moments: Tensor
    intercept: Tensor

    @staticmethod
    def of(spectrum: Spectrum, blocks: Blocks, targets: Tensor) -> "Ridge":
        """Compute the moments of the spectrum's rows and their targets (n, c) float64."""
        intercept = targets.mean(0)
        centred, start = targets - intercept, 0
        moments = torch.zeros(len(spectrum.mean), targets.shape[1], dtype=targets.dtype, device=targets.device)
        for block in blocks():
            moments += (block - spectrum.mean).T @ centred[start : start + len(block)]
            start += len(block)
        return Ridge(spectrum, spectrum.axes.T @ moments / len(targets), intercept)

    def solve(self, penalty: float) -> LinearFit:
        """Return the optimum at a penalty above 0, which may be infinite."""
        weights = self.spectrum.axes @ (self.moments / (self.spectrum.variances[:, None] + penalty))
        return LinearFit(self.spectrum.mean, weights, self.intercept)

    def errors(self, penalties: Sequence[float], blocks: Blocks, targets: Tensor, groups: Sequence[slice]) -> Tensor:
        """Return squared errors on other rows for every penalty, summed over groups of the targets (n, c).

        returns : (groups, n, penalties)
        """
        scales = self.spectrum.variances[:, None] + torch.tensor(penalties).to(self.moments)  # (r, penalties)
        weights = (self.moments[:, :, None] / scales[:, None, :]).flatten(1)  # (r, c * penalties)
        totals, start = torch.empty(len(groups), len(targets), len(penalties)).to(targets), 0
        for block in blocks():
            predictions = (self.spectrum.coordinates(block) @ weights).view(
                len(block), targets.shape[1], len(penalties)
            )
            rows = slice(start, start + len(block))
            squares = (predictions - (targets[rows] - self.intercept)[:, :, None]).square()
            for number, group in enumerate(groups):
                totals[number, rows] = squares[:, group].sum(1)
            start += len(block)
        return totals


def _kept(values: Tensor) -> Tensor:
    """Return the indices of eigenvalues above rounding, the largest first; of zeros alone none. values : rising."""
    order = torch.arange(len(values) - 1, -1, -1, device=values.device)
    return order[values[order] > NOTHING * values[-1].clamp_min(0)]
