"""I-VNE+: views agree, and the von Neumann entropy of the batch's embeddings is large (Kim et al., CVPR 2023).

The entropy of the eigenvalues of a batch's autocorrelation is at most the logarithm of their number: it is largest if
the batch fills as many directions evenly as it has objects, or as the embedding has dimensions.

iebench train --method ivne
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from ...action import Latents
from ...gather import gather
from ...losses import no_autocast, precise, total
from ...method import Method, method
from ...networks.encoder import Encoder
from ...networks.projector import check_widths, projector


@dataclass(frozen=True)
class IVNESettings:
    """Defaults of the repository jaeill/CVPR23-VNE, which trains with six views and batches of 64.

    projector : widths of the projector's layers
    agreement : weight a1 of the cosine of two views; None for the logarithm of the number of objects in the batch
    entropy : weight a2 of the entropy
    """

    projector: tuple[int, ...] = (2048, 2048, 256)
    agreement: float | None = None
    entropy: float = 1.0

    def __post_init__(self) -> None:
        check_widths(self.projector)


@method("ivne", IVNESettings)
class IVNE(Method):
    """One projector on the whole representation; it ends in a batch norm."""

    def __init__(self, encoder: Encoder, settings: IVNESettings) -> None:
        super().__init__(encoder)
        self.settings = settings
        self.projector = projector((self.dim, *settings.projector), norm=True)

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = -a1 cos(e^x, e^y) - a2 S(e), with means over consecutive views and over all views."""
        embedding = [gather(precise(view)) for view in self.by_view(self.projector, self.represent(images))]
        cosines = [nn.functional.cosine_similarity(x, y, dim=1).mean() for x, y in pairwise(embedding)]
        terms = {
            "agreement": -total(cosines) / len(cosines),
            "entropy": -total(entropy(view) for view in embedding) / len(embedding),
        }
        weight = self.settings.agreement
        if weight is None:
            weight = math.log(len(embedding[0]))
        return {"loss": weight * terms["agreement"] + self.settings.entropy * terms["entropy"], **terms}


def entropy(embedding: Tensor) -> Tensor:
    """Return the von Neumann entropy -sum l log l of the eigenvalues l of Z^T Z / N, Z the unit embeddings.

    The eigenvalues are the squared singular values of Z / sqrt(N); their sum is 1, and those that are 0 count nothing.

    embedding : (N, E); returns : scalar in [0, log min(N, E)]
    """
    unit = nn.functional.normalize(embedding, dim=1) / len(embedding) ** 0.5
    with no_autocast(embedding.device):
        values = torch.linalg.svdvals(unit).square()
    total_entropy: Tensor = torch.special.entr(values.clamp(min=torch.finfo(values.dtype).tiny)).sum()
    return total_entropy
