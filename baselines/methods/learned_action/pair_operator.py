"""Matrices from two views: exponentials of learned generators or of antisymmetric matrices, or any matrix."""

import math
from typing import Literal

import torch
from torch import Tensor, nn

from ...losses import no_autocast, precise
from ...networks.projector import perceptron

Family = Literal["generators", "skew", "dense"]


class Operator(nn.Module):
    """A matrix (d, d) from two views: float32 or better, under any autocast.

    size : count of numbers that determine a matrix
    """

    def __init__(self, dim: int, family: Family, generators: int, hidden: tuple[int, ...]) -> None:
        super().__init__()
        self.family, self.dim = family, dim
        self.size = generators if family == "generators" else dim * dim
        self.coefficients = perceptron((2 * dim, *hidden, self.size))
        if family == "generators":
            self.weight = nn.Parameter(_skew(torch.randn(generators, dim, dim)) / math.sqrt(dim))

    def forward(self, start: Tensor, end: Tensor) -> Tensor:
        """(B, d) and (B, d) -> (B, d, d)."""
        numbers = self.numbers(start, end)
        with no_autocast(start.device):
            if self.family == "generators":
                return _exponential(torch.einsum("bk,kij->bij", numbers, _skew(self.weight)))
            matrix = torch.unflatten(numbers, 1, (self.dim, self.dim)) / math.sqrt(self.dim)
            return matrix if self.family == "dense" else _exponential(_skew(matrix))

    def numbers(self, start: Tensor, end: Tensor) -> Tensor:
        """Return the numbers that determine the matrix: (B, d) and (B, d) -> (B, size)."""
        return precise(self.coefficients(torch.cat([start, end], dim=1)))


def _exponential(matrix: Tensor) -> Tensor:
    operator: Tensor = torch.linalg.matrix_exp(matrix)
    return operator


def _skew(matrix: Tensor) -> Tensor:
    return (matrix - matrix.mT) / 2
