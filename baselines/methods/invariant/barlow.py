"""Barlow Twins: the cross-correlation of two views' embeddings becomes the identity (Zbontar et al., ICML 2021).

The views are those of the dataset, not augmentations.

iebench train --method barlow
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from iebench.manifests.errors import InvalidValue

from ...action import Latents
from ...gather import gather
from ...losses import no_autocast, precise, total
from ...method import Method, method
from ...networks.encoder import Encoder
from ...networks.projector import check_widths, projector

EPSILON = 1e-5  # under the square root, as in a batch norm


@dataclass(frozen=True)
class BarlowSettings:
    """Defaults of the repository facebookresearch/barlowtwins; the paper has 0.005 for `redundancy`.

    projector : widths of the projector's layers
    redundancy : weight lambda of the correlations between different dimensions
    """

    projector: tuple[int, ...] = (8192, 8192, 8192)
    redundancy: float = 0.0051

    def __post_init__(self) -> None:
        check_widths(self.projector)
        if self.redundancy < 0:
            raise InvalidValue(f"redundancy must be at least 0, not {self.redundancy}")


@method("barlow", BarlowSettings)
class Barlow(Method):
    """One projector on the whole representation."""

    def __init__(self, encoder: Encoder, settings: BarlowSettings) -> None:
        super().__init__(encoder)
        self.settings = settings
        self.projector = projector((self.dim, *settings.projector))

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = sum_i (1 - C_ii)^2 + lambda sum_i sum_(j != i) C_ij^2, summed over consecutive views (eq. 1)."""
        embedding = self.by_view(self.projector, self.represent(images))  # K of (B, E)
        matrices = [correlation(x, y) for x, y in pairwise(embedding)]
        terms = {
            "invariance": total((1 - matrix.diagonal()).square().sum() for matrix in matrices),
            "redundancy": total((matrix - matrix.diagonal().diag()).square().sum() for matrix in matrices),
        }
        return {"loss": terms["invariance"] + self.settings.redundancy * terms["redundancy"], **terms}


def correlation(left: Tensor, right: Tensor) -> Tensor:
    """Return the correlations C of all dimensions of two views over the batch of all ranks (eq. 2).

    left, right : (B, E); returns : (E, E)
    """
    first, second = (_standardised(gather(precise(side))) for side in (left, right))
    with no_autocast(left.device):
        return first.T @ second / len(first)


def _standardised(embedding: Tensor) -> Tensor:
    centred = embedding - embedding.mean(dim=0)
    return centred / torch.sqrt(centred.square().mean(dim=0) + EPSILON)
