"""Log-densities over poses that are linear in their inputs, solved to their optimum by L-BFGS (scipy).

For cells j with volumes v_j and functions phi_j (r,), a density over the uniform one is exp(a phi_j), a = b + A(W),
divided by its sum z(a) = sum_j v_j exp(a phi_j). A is a linear function of the weights W that the inputs of a view
define, such as x W for inputs x (p,). The weights and the intercept b (r,) minimise

    mean of log z(a_i) - a_i phi of the cell of the true pose + penalty / 2 |W|^2 + WEAK / 2 |b|^2

which is a cross-entropy over the cells and convex. The density of a constant is the uniform one, with a loss of 0.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from torch import Tensor

from ..statistics.spectrum import Blocks, Spectrum
from .harmonics import Basis

Array = NDArray[np.float64]

WEAK = 1e-3  # penalty of the intercept: poses that no view shows keep a density
MOST, MEMORY = 1_000, 20  # most iterations, and steps that L-BFGS stores
ROWS = 1_024  # rows in memory at once
INFINITE = 1e9  # a penalty at which no weight matters


class Inputs(Protocol):
    """Inputs of some views."""

    @property
    def device(self) -> torch.device:
        """Return the device of the numbers."""

    def __len__(self) -> int:
        """Return the number of views."""

    def curvature(self) -> Tensor:
        """Return roughly the second derivative of the loss by each weight, which scales the search: (p,) float64."""

    def coefficients(self, weights: Tensor, views: slice = slice(None)) -> Tensor:
        """Return A(W) of some views: weights (p,) -> (n, r) float32."""

    def slope(self, pull: Tensor, views: slice) -> Tensor:
        """Return the gradient by the weights, from that by the coefficients of some views: (n, r) -> (p,)."""


@dataclass(frozen=True)
class Coordinates:
    """Inputs that every coefficient depends on: A(W) = x W.

    values : (n, p) float32, coordinates along principal directions; variances : (p,) of the directions
    """

    values: Tensor
    variances: Tensor
    basis: Basis

    @staticmethod
    def of(spectrum: Spectrum, blocks: Blocks, basis: Basis) -> "Coordinates":
        """Compute the coordinates of the rows of some blocks."""
        values = torch.cat([spectrum.coordinates(block).float() for block in blocks()])
        return Coordinates(values, spectrum.variances, basis)

    @property
    def device(self) -> torch.device:
        """Return the device of the coordinates."""
        return self.values.device

    def __len__(self) -> int:
        """Return the number of views."""
        return len(self.values)

    def curvature(self) -> Tensor:
        """Return the products of the variances of inputs and functions: (p,)."""
        return torch.outer(self.variances.cpu(), self.basis.variances).flatten()

    def coefficients(self, weights: Tensor, views: slice = slice(None)) -> Tensor:
        """Return x W: weights (p,) -> (n, r)."""
        return self.values[views] @ weights.view(self.values.shape[1], -1)

    def slope(self, pull: Tensor, views: slice) -> Tensor:
        """Return the gradient by the weights from that by the coefficients: (n, r) -> (p,)."""
        return (self.values[views].T @ pull).flatten()


@dataclass(frozen=True)
class Fit:
    """Result of a search.

    weights : (p,) float64; intercept : (r,) float64; iterations : iterations of L-BFGS
    gradient : largest absolute entry of the gradient by the scaled parameters
    """

    weights: Tensor
    intercept: Tensor
    iterations: int
    gradient: float

    def coefficients(self, inputs: Inputs) -> Tensor:
        """Return the coefficients of views' densities: (n, r) float32."""
        weights = self.weights.float().to(inputs.device)
        return inputs.coefficients(weights).cpu() + self.intercept.float()


class Regression:
    """Regression of a pose's density on inputs.

    cells : (n,) places of the true poses among the coarse cells; volumes : (cells,)
    """

    def __init__(self, inputs: Inputs, cells: Tensor, basis: Basis, volumes: Tensor) -> None:
        self.inputs, self.basis = inputs, basis
        self._cells = cells.to(inputs.device)
        self._volumes, self._values = volumes.log().float().to(inputs.device), basis.values.to(inputs.device)

    def optimum(self, penalty: float, gradient: float) -> Fit:
        """Return the optimum at a penalty; at an infinite one that of the intercept alone."""
        return next(self.path([penalty], gradient))

    def path(self, penalties: Sequence[float], gradient: float) -> Iterator[Fit]:
        """Yield the optima at penalties, the strongest first; each search starts from the previous optimum.

        gradient : the search stops when no entry of the gradient by the scaled parameters is larger
        """
        curvature, intercept = self.inputs.curvature(), self.basis.variances
        both = torch.cat([curvature, intercept])
        weights = torch.zeros_like(both)
        for penalty in penalties:
            own = torch.cat([torch.full_like(curvature, min(penalty, INFINITE)), torch.full_like(intercept, WEAK)])
            scales = (both + own).sqrt()
            ended = minimize(
                self._loss, (weights * scales).numpy(), (scales, own), jac=True, method="L-BFGS-B",
                options={"gtol": gradient, "ftol": 0.0, "maxiter": MOST, "maxfun": 2 * MOST, "maxcor": MEMORY},
            )  # fmt: skip
            weights = torch.from_numpy(ended.x) / scales
            yield Fit(*self._apart(weights), int(ended.nit), float(np.abs(ended.jac).max()))

    def losses(self, coefficients: Tensor, cells: Tensor) -> tuple[Tensor, Tensor]:
        """Return cross-entropies (n,) of densities with coefficients (n, r), and the cells' probabilities (n, cells).

        cells : (n,) places of the true poses
        """
        heights = coefficients.to(self._values) @ self._values.T
        logits = heights + self._volumes
        total = logits.logsumexp(1, keepdim=True)
        own = heights.gather(1, cells.to(heights.device)[:, None])
        return (total - own)[:, 0], (logits - total).exp_()

    def _loss(self, flat: Array, scales: Tensor, penalties: Tensor) -> tuple[float, Array]:
        """Return the loss and its gradient at scaled parameters, in float32, summed in float64."""
        own = torch.from_numpy(flat) / scales
        weights, intercept = self._apart(own.to(self._values))
        value, slope = 0.0, torch.zeros_like(own)
        for start in range(0, len(self._cells), ROWS):
            views = slice(start, start + ROWS)
            cells = self._cells[views]
            losses, shares = self.losses(self.inputs.coefficients(weights, views) + intercept, cells)
            pull = shares @ self._values - self._values[cells]
            value += float(losses.double().sum())
            slope += torch.cat([self.inputs.slope(pull, views), pull.sum(0)]).double().cpu()
        slope = slope / len(self._cells) + penalties * own
        return value / len(self._cells) + float((penalties * own**2).sum()) / 2, (slope / scales).numpy()

    def _apart(self, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """Return the weights and the intercept."""
        count = len(parameters) - len(self.basis.variances)
        return parameters[:count], parameters[count:]
