"""Predictors map a view's embedding and an action to another view's embedding (Garrido et al. 2023, section 4).

"linear" and "deep" are hypernetworks that turn the action into matrices; "mlp" reads action and embedding concatenated.
"""

import math
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from .projector import perceptron

Kind = Literal["linear", "deep", "mlp"]


class LinearHypernetwork(nn.Module):
    """y = W(z) x with W(z) = sum_k z_k W_k, without any bias (Garrido et al. 2023, section 4).

    Since W is linear in z, y is the weighted sum of the products W_k x: one GEMM of (B, d) with (d, actions * d). The
    (B, d, d) tensor of generated matrices, 4 GiB at B = d = 1024, never exists.

    actions : components of z (4 for a quaternion)
    inputs, outputs : sizes of x and y; `outputs` equals `inputs` by default
    """

    def __init__(self, actions: int, inputs: int, outputs: int | None = None) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(actions, outputs or inputs, inputs))  # (k, out, in)
        bound = 1 / math.sqrt(actions)  # the initialisation of a linear layer from z to the d * d entries
        nn.init.uniform_(self.weight, -bound, bound)

    def forward(self, action: Tensor, embedding: Tensor) -> Tensor:
        """Return the transformed embeddings.

        action : (B, actions) float, or (B * K, actions): K consecutive actions for each embedding share its products
        embedding : (B, inputs) float
        returns : (B, outputs) or (B * K, outputs)
        """
        products = nn.functional.linear(embedding, self.weight.flatten(0, 1))  # (B, actions * outputs)
        if len(action) != len(embedding):
            sequence = action.to(self.weight.dtype).view(len(embedding), -1, len(self.weight))  # (B, K, actions)
            return (sequence @ products.view(len(embedding), *self.weight.shape[:2])).flatten(0, 1)
        # the sum stays in the weights' precision when autocast makes the products bf16
        weighted: Tensor = action.to(self.weight.dtype).unsqueeze(-1) * products.view(-1, *self.weight.shape[:2])
        return weighted.sum(dim=1)


class Hypernetwork(nn.Module):
    """A chain of matrices generated from the action; with `deep`, two small layers transform the action first.

    hidden : widths between input and output; each adds a matrix
    relu : True for a ReLU between consecutive matrices; the released code has none
    """

    def __init__(self, actions: int, dim: int, hidden: tuple[int, ...], deep: bool, relu: bool = False) -> None:
        super().__init__()
        self.rework = nn.Sequential()
        if deep:  # two layers as wide as the action; the last layer, linear, is that of the chain
            self.rework = nn.Sequential(*(m for _ in range(2) for m in (nn.Linear(actions, actions, False), nn.ReLU())))
        self.chain = nn.ModuleList(LinearHypernetwork(actions, *sizes) for sizes in pairwise((dim, *hidden, dim)))
        self.between = nn.ReLU() if relu else nn.Identity()

    def forward(self, action: Tensor, embedding: Tensor) -> Tensor:
        """(B, actions) and (B, dim) -> (B, dim), float."""
        reworked = self.rework(action.to(next(self.parameters()).dtype))
        for number, matrix in enumerate(self.chain):
            embedding = matrix(reworked, self.between(embedding) if number else embedding)
        return embedding


class Perceptron(nn.Module):
    """An MLP on [action, embedding]; without hidden widths, one linear layer."""

    def __init__(self, actions: int, dim: int, hidden: tuple[int, ...]) -> None:
        super().__init__()
        self.layers = perceptron((actions + dim, *hidden, dim))

    def forward(self, action: Tensor, embedding: Tensor) -> Tensor:
        """(B, actions) and (B, dim) -> (B, dim), float."""
        out: Tensor = self.layers(torch.cat([action.to(embedding.dtype), embedding], dim=1))
        return out


def predictor(kind: Kind, actions: int, dim: int, hidden: tuple[int, ...] = (), relu: bool = False) -> nn.Module:
    """Build a predictor, called with (action (B, actions), embedding (B, dim)); it returns (B, dim)."""
    if kind == "mlp":
        return Perceptron(actions, dim, hidden)
    if kind == "linear" and not hidden:
        return LinearHypernetwork(actions, dim)
    return Hypernetwork(actions, dim, hidden, deep=kind == "deep", relu=relu)
