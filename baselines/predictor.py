"""The equivariant predictor of SIE: a linear hypernetwork that turns an action into a d x d matrix."""

import math

import torch
from torch import Tensor, nn


class LinearHypernetwork(nn.Module):
    """y = W(z) x with W(z) = sum_k z_k W_k, without any bias (Garrido et al. 2023, section 4).

    Since W is linear in z, y is the weighted sum of the products W_k x: one GEMM of (B, d) with (d, actions * d). The
    (B, d, d) tensor of generated matrices, 4 GiB at B = d = 1024, never exists.

    actions : components of z (4 for a quaternion)
    dim : d
    """

    def __init__(self, actions: int, dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(actions, dim, dim))  # (k, out, in)
        bound = 1 / math.sqrt(actions)  # what a linear layer from z to the d * d entries starts with
        nn.init.uniform_(self.weight, -bound, bound)

    def forward(self, action: Tensor, embedding: Tensor) -> Tensor:
        """The transformed embeddings.

        action : (B, actions) float
        embedding : (B, d) float
        returns : (B, d)
        """
        products = nn.functional.linear(embedding, self.weight.flatten(0, 1))  # (B, actions * d)
        # the sum stays in the weights' precision when autocast makes the products bf16
        weighted: Tensor = action.to(self.weight.dtype).unsqueeze(-1) * products.view(-1, *self.weight.shape[:2])
        return weighted.sum(dim=1)
