"""Log-densities over poses by a convolution of functions on the sphere, as in Klee et al. (2023).

A view gives functions f_c on the sphere, with coefficients c_n (2n + 1, C) of the harmonics of degree n. The weights
are a filter for each function, W_n (C, 2n + 1). The log-density at a pose R is the product of the functions with the
filters turned by R, summed over c: a sum of the Wigner functions D_n(R) with the coefficients c_n W_n. If the functions
are turned by Q, then c_n becomes D_n(Q) c_n, and the density at Q R is what it was at R. No other linear map from c_n
to the coefficients of D_n has that property; all rows of c_n share the weights, of which there are thus fewer.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .harmonics import Basis


@dataclass(frozen=True)
class Convolution:
    """Functions of views on the sphere.

    harmonics : (n, (degree + 1)^2, C) float32, coefficients of degrees 0 .. degree; those of degree 0 have no effect
    """

    harmonics: Tensor
    basis: Basis

    @property
    def device(self) -> torch.device:
        """Return the device of the coefficients."""
        return self.harmonics.device

    def __len__(self) -> int:
        """Return the number of views."""
        return len(self.harmonics)

    def curvature(self) -> Tensor:
        """Return the second derivative of the loss by each weight, if inputs were independent of the poses: (p,)."""
        spread, own = self.basis.axes.square() @ self.basis.variances, []
        deviations = self.harmonics.var(0, correction=0).double().cpu()
        for n, rows, start in self._degrees():
            varied = spread[start : start + (2 * n + 1) ** 2].view(2 * n + 1, 2 * n + 1)
            own.append((deviations[rows].T @ varied).flatten())
        return torch.cat(own)

    def coefficients(self, weights: Tensor, views: slice = slice(None)) -> Tensor:
        """Return the coefficients of views' densities for weights (p,): (n, r)."""
        some, start, own = self.harmonics[views], 0, []
        for n, rows, _ in self._degrees():
            end = start + some.shape[2] * (2 * n + 1)
            own.append((some[:, rows] @ weights[start:end].view(-1, 2 * n + 1)).flatten(1))
            start = end
        return torch.cat(own, dim=1) @ self.basis.axes.to(some)

    def slope(self, pull: Tensor, views: slice) -> Tensor:
        """Return the gradient by the weights from that by the coefficients: (n, r) -> (p,)."""
        some, wide, own = self.harmonics[views], pull @ self.basis.axes.T.to(pull), []
        for n, rows, start in self._degrees():
            own_pull = wide[:, start : start + (2 * n + 1) ** 2].reshape(-1, 2 * n + 1)
            own.append((some[:, rows].reshape(len(own_pull), -1).T @ own_pull).flatten())
        return torch.cat(own)

    def _degrees(self) -> list[tuple[int, slice, int]]:
        """Return the degrees from 1, the rows of their harmonics, and the place of their first Wigner function."""
        degree = math.isqrt(self.harmonics.shape[1]) - 1
        before = [0, *torch.tensor([(2 * n + 1) ** 2 for n in range(1, degree + 1)]).cumsum(0).tolist()]
        return [(n, slice(n**2, (n + 1) ** 2), before[n - 1]) for n in range(1, degree + 1)]
