"""Loss terms shared by the methods: scalars of embeddings (B, d), computed in float32 or better under any autocast.

A method adds them over its views and over pairs of consecutive views; two views give the loss of the paper. Terms that
compare objects (variance, covariance, contrast) use the batch of all ranks; the others are means over a rank's share.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import pairwise

import torch
from torch import Tensor

from iebench.manifests.errors import InvalidValue

from .gather import gather

EPSILON = 1e-4  # under the square root: a collapsed dimension still has a finite gradient


def distance(left: Tensor, right: Tensor) -> Tensor:
    """Mean squared difference over batch and dimensions: L_inv and L_eq of Garrido et al. 2023 (SIE).

    left, right : (B, d)
    """
    return (precise(left) - precise(right)).square().mean()


def variance(embedding: Tensor) -> Tensor:
    """Half the mean over dimensions of max(0, 1 - sqrt(var_j + 1e-4)), with the unbiased variance.

    Bardes, Ponce, LeCun 2022 (VICReg) eq. 1; the half as in the repository facebookresearch/SIE.

    embedding : (B, d), B >= 2
    """
    deviation = torch.sqrt(gather(precise(embedding)).var(dim=0) + EPSILON)  # (d,)
    return torch.relu(1 - deviation).mean() / 2


def covariance(embedding: Tensor) -> Tensor:
    """The squared covariances of different dimensions, summed over ordered pairs and divided by d.

    Bardes, Ponce, LeCun 2022 (VICReg) eq. 3 and 4. The divisor inside a covariance is the true batch size - 1.

    embedding : (B, d), B >= 2
    """
    gathered = gather(precise(embedding))
    batch, size = gathered.shape
    centred = gathered - gathered.mean(dim=0)
    with no_autocast(embedding.device):  # else the product would fall back to bf16
        matrix = centred.T @ centred / (batch - 1)  # (d, d)
    others = matrix - torch.diag(matrix.diagonal())
    return others.square().sum() / size


def cosine_distance(left: Tensor, right: Tensor) -> Tensor:
    """2 - 2 cos of each pair of rows, mean over the batch: Grill et al. 2020 (BYOL) eq. 2.

    left, right : (B, d)
    """
    return 2 - 2 * torch.nn.functional.cosine_similarity(precise(left), precise(right), dim=1).mean()


def nt_xent(left: Tensor, right: Tensor, temperature: float) -> Tensor:
    """NT-Xent: cross-entropy of identifying each embedding's partner among the 2 B - 1 others, mean over the 2 B.

    Chen et al. 2020 (SimCLR) eq. 1, with cosine similarity; row i of one side is the partner of row i of the other.

    left, right : (B, d)
    """
    sides = [gather(precise(side)) for side in (left, right)]
    both = torch.nn.functional.normalize(torch.cat(sides), dim=1)
    with no_autocast(left.device):
        similarity = both @ both.T / temperature  # (2 B, 2 B)
    similarity.fill_diagonal_(-torch.inf)  # an embedding is not a candidate for itself
    partner = torch.arange(len(both), device=left.device).roll(len(both) // 2)
    return torch.nn.functional.cross_entropy(similarity, partner)


def cross_entropies(logits: Sequence[Tensor], goals: Sequence[Tensor]) -> dict[str, Tensor]:
    """Cross-entropy of each view's distribution with that predicted from a consecutive view, as the "loss" of a method.

    Mean over both directions of a pair, summed over pairs. The entropy of the goals is the smallest possible loss; the
    divergence is the remainder.

    logits, goals : K of (B, N); the rows of goals are distributions
    """
    cross = torch.nn.functional.cross_entropy
    pairs = zip(pairwise(logits), pairwise(goals), strict=True)
    crosses = [(cross(x, b) + cross(y, a)) / 2 for (x, y), (a, b) in pairs]
    entropies = [torch.special.entr(goal).sum(dim=1).mean() for goal in goals]
    loss, least = total(crosses), total((a + b) / 2 for a, b in pairwise(entropies))
    return {"loss": loss, "divergence": loss - least, "entropy": least}


def check_temperature(temperature: float) -> None:
    """Raise InvalidValue unless the temperature is above 0."""
    if not temperature > 0:
        raise InvalidValue(f"temperature must be above 0, not {temperature}")


def total(terms: Iterable[Tensor]) -> Tensor:
    """Return the sum of scalars."""
    return torch.stack(list(terms)).sum()


def weighted(terms: Mapping[str, Tensor], settings: object) -> dict[str, Tensor]:
    """Return the terms and their weighted sum, "loss"; the setting of the same name is a term's weight."""
    loss: Tensor = sum(getattr(settings, name) * term for name, term in terms.items())
    return {"loss": loss, **terms}


def no_autocast(device: torch.device) -> AbstractContextManager[object]:
    """Return a context in which products keep the type of their inputs under any autocast."""
    known = torch.amp.is_autocast_available(device.type)  # not on "meta", where operations are only counted
    return torch.autocast(device.type, enabled=False) if known else nullcontext()


def precise(embedding: Tensor) -> Tensor:
    """Return a tensor in float64 if it is in float64, else in float32."""
    return embedding if embedding.dtype == torch.float64 else embedding.float()
