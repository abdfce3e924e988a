"""The loss terms that methods share. All take float embeddings and compute in float32 or better.

Each is a scalar. Methods add them over views and over pairs of consecutive views; with two views that is the paper.
"""

import torch
from torch import Tensor

EPSILON = 1e-4  # under the square root, so that a collapsed dimension still has a finite gradient


def variance(embedding: Tensor) -> Tensor:
    """Half the mean over dimensions of max(0, 1 - sqrt(var_j + 1e-4)), with the unbiased variance.

    Bardes, Ponce, LeCun 2022 (VICReg) eq. 1; the half and the epsilon as in the SIE repository.

    embedding : (B, d), B >= 2
    """
    spread = torch.sqrt(embedding.float().var(dim=0) + EPSILON) if _half(embedding) else _spread(embedding)
    return torch.relu(1 - spread).mean() / 2


def covariance(embedding: Tensor) -> Tensor:
    """The squared covariances between different dimensions, summed and divided by d.

    Bardes, Ponce, LeCun 2022 (VICReg) eq. 3-4. The divisor inside a covariance is the true batch size - 1, for every
    batch.

    embedding : (B, d), B >= 2
    """
    return embedding
