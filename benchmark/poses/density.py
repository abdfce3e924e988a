"""Log-densities over poses that are linear in their inputs, solved to their optimum by L-BFGS (scipy).

For inputs x (p,) and cells j with volumes v_j and functions phi_j (r,), a density over the uniform one is exp(a phi_j),
a = b + x W, divided by its sum z(a) = sum_j v_j exp(a phi_j). The weights W (p, r) and the intercept b (r,) minimise

    mean of log z(a_i) - a_i phi of the cell of the true pose + penalty / 2 |W|^2 + WEAK / 2 |b|^2

which is a cross-entropy over the cells and convex. The density of a constant is the uniform one, with a loss of 0.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from torch import Tensor

from ..statistics.spectrum import LinearFit, Spectrum
from .harmonics import Basis

Array = NDArray[np.float64]

WEAK = 1e-3  # penalty of the intercept: poses that no view shows keep a density
MOST, MEMORY = 1_000, 20  # most iterations, and steps that L-BFGS stores
ROWS = 1_024  # rows in memory at once
INFINITE = 1e9  # a penalty at which no weight matters


@dataclass(frozen=True)
class Fit:
    """Result of a search.

    linear : the coefficients a for inputs; iterations : iterations of L-BFGS
    gradient : largest absolute entry of the gradient by the scaled parameters
    """

    linear: LinearFit
    iterations: int
    gradient: float


class Regression:
    """Regression of a pose's density on inputs.

    inputs : (n, p) float64; cells : (n,) places of the true poses among the coarse cells; volumes : (cells,)
    """

    def __init__(self, spectrum: Spectrum, inputs: Tensor, cells: Tensor, basis: Basis, volumes: Tensor) -> None:
        self.spectrum, self.basis = spectrum, basis
        self._coordinates, self._cells = spectrum.coordinates(inputs).float(), cells.to(inputs.device)
        self._volumes, self._values = volumes.log().float().to(inputs.device), basis.values.to(inputs.device)

    def optimum(self, penalty: float, gradient: float) -> Fit:
        """Return the optimum at a penalty; at an infinite one that of the intercept alone."""
        return next(self.path([penalty], gradient))

    def path(self, penalties: Sequence[float], gradient: float) -> Iterator[Fit]:
        """Yield the optima at penalties, the strongest first; each search starts from the previous optimum.

        gradient : the search stops when no entry of the gradient by the scaled parameters is larger
        """
        variances = self.spectrum.variances.cpu()
        weights = torch.zeros(len(variances) + 1, len(self.basis.variances), dtype=torch.float64)
        for penalty in penalties:
            own = torch.cat([torch.full_like(variances, min(penalty, INFINITE)), torch.tensor([WEAK])])[:, None]
            scales = (torch.cat([variances, torch.ones(1)])[:, None] * self.basis.variances + own).sqrt()
            ended = minimize(
                self._loss, (weights * scales).numpy().ravel(), (scales, own), jac=True, method="L-BFGS-B",
                options={"gtol": gradient, "ftol": 0.0, "maxiter": MOST, "maxfun": 2 * MOST, "maxcor": MEMORY},
            )  # fmt: skip
            weights = torch.from_numpy(ended.x.reshape(weights.shape)) / scales
            solution = weights.to(self.spectrum.axes)
            linear = LinearFit(self.spectrum.mean, self.spectrum.axes @ solution[:-1], solution[-1])
            yield Fit(linear, int(ended.nit), float(np.abs(ended.jac).max()))

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
        own = torch.from_numpy(flat.reshape(scales.shape)) / scales
        narrow = own.to(self._coordinates)
        value, slope = 0.0, torch.zeros_like(own)
        for start in range(0, len(self._cells), ROWS):
            inputs, cells = self._coordinates[start : start + ROWS], self._cells[start : start + ROWS]
            losses, shares = self.losses(inputs @ narrow[:-1] + narrow[-1], cells)
            pull = shares @ self._values - self._values[cells]
            value += float(losses.double().sum())
            slope += torch.cat([inputs.T @ pull, pull.sum(0, keepdim=True)]).double().cpu()
        slope = slope / len(self._cells) + penalties * own
        return value / len(self._cells) + float((penalties * own**2).sum()) / 2, (slope / scales).numpy().ravel()
