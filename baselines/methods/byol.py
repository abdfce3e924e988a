"""BYOL: each view predicts the output of a slowly moving target network for the other (Grill et al., NeurIPS 2020).

The views are those of the dataset, not augmentations. The widths are those of Ghaemi et al. 2025 (seq-JEPA).

iebench train --method byol
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from ..action import Latents
from ..losses import cosine_distance, total
from ..method import Method, method
from ..networks.encoder import Encoder
from ..networks.projector import check_widths, projector
from ..networks.target import Target, check_momentum, momentum


@dataclass(frozen=True)
class BYOLSettings:
    """Defaults of the BYOL row of seq-JEPA.

    projector : widths of the projector's layers
    hidden : width of the predictor's hidden layer
    momentum : initial momentum of the target network; it rises to 1 by a cosine over the steps of the run
    projector_norm : true for a last batch norm without scale in the projector, as in the repository hafezgh/seq-jepa
    """

    projector: tuple[int, ...] = (2048, 2048, 2048)
    hidden: int = 512
    momentum: float = 0.996
    projector_norm: bool = False

    def __post_init__(self) -> None:
        check_widths((*self.projector, self.hidden))
        check_momentum(self.momentum)


@method("byol", BYOLSettings)
class BYOL(Method):
    """A projector on the whole representation, a predictor on its embedding, and a target of encoder and projector."""

    scheduled = True

    def __init__(self, encoder: Encoder, settings: BYOLSettings) -> None:
        super().__init__(encoder)
        self.settings = settings
        size = settings.projector[-1]
        self.projector = projector((self.dim, *settings.projector), settings.projector_norm)
        self.predictor = projector((size, settings.hidden, size))
        self.target = Target(self.encoder, self.projector)

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = 2 - 2 cos(p(e^x), t^y) plus the same from y to x, summed over consecutive views (eq. 2)."""
        embedding = torch.stack(self.by_view(self.projector, self.represent(images)), dim=1)  # (B, K, E)
        predicted = self.by_view(self.predictor, embedding)  # K of (B, E)
        goals = self.by_view(self.target, images)
        pairs = zip(pairwise(predicted), pairwise(goals), strict=True)
        return {"loss": total(cosine_distance(p, v) + cosine_distance(q, u) for (p, q), (u, v) in pairs)}

    def after_step(self, step: int, steps: int) -> None:
        """Move the target network (Grill et al. 2020, eq. 1)."""
        self.target.follow(self.encoder, self.projector, momentum=momentum(self.settings.momentum, step, steps))
