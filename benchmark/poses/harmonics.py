"""Functions of poses that log-densities are sums of: Wigner functions up to a degree, reduced to those of a range."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from iebench.baselines.networks.wigner import wigner

from .space import Space

Array = NDArray[np.float64]

DEGREE = 6
"""Largest degree: that of the first function that is invariant under the rotations of an icosahedron."""
NOTHING = 1e-3  # of the largest variance over the range; functions with less are left out
BLOCK = 8_192  # poses at once


def functions(quaternions: Array, degree: int = DEGREE) -> Tensor:
    """Return all Wigner functions of degrees 1 .. `degree` at poses (k, 4): (k, sum of (2 n + 1)^2) float64.

    They are scaled so that a sum of them with weights w has a squared slope of |w|^2, in the mean over all rotations:
    the functions of degree n have variance 1 / (2 n + 1), and their squared slopes have a mean of n (n + 1) times that.
    """
    blocks = []
    for start in range(0, len(quaternions), BLOCK):
        poses = torch.from_numpy(np.ascontiguousarray(quaternions[start : start + BLOCK]))
        scaled = [wigner(n, poses).flatten(1) * math.sqrt((2 * n + 1) / (n * (n + 1))) for n in range(1, degree + 1)]
        blocks.append(torch.cat(scaled, dim=1))
    return torch.cat(blocks)


@dataclass(frozen=True)
class Basis:
    """The functions that vary over a space, uncorrelated under its uniform distribution.

    axes : (functions, r), orthonormal; mean : (r,) means over the space
    values : (cells, r) float32, at the centres of the coarse cells; variances : (r,), falling
    """

    degree: int
    axes: Tensor
    mean: Tensor
    values: Tensor
    variances: Tensor

    @staticmethod
    def of(space: Space, degree: int = DEGREE) -> "Basis":
        """Find the principal functions of a space's coarse cells."""
        values = functions(space.divided.centres(space.level, space.kept), degree)
        volumes = torch.from_numpy(space.volumes)[:, None]
        centred = values - (volumes * values).sum(0)
        variances, axes = torch.linalg.eigh(centred.T @ (volumes * centred))
        kept = torch.arange(len(variances) - 1, -1, -1)
        kept = kept[variances[kept] > NOTHING * variances[-1]]
        axes = axes[:, kept]
        mean = (volumes * values).sum(0) @ axes
        return Basis(degree, axes, mean, (values @ axes - mean).float(), variances[kept])

    def __call__(self, quaternions: Array) -> Tensor:
        """Return the functions at poses (n, 4): (n, r) float32."""
        return (functions(quaternions, self.degree) @ self.axes - self.mean).float()
