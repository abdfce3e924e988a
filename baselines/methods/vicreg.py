"""VICReg: Variance-Invariance-Covariance Regularisation (Bardes, Ponce, LeCun, ICLR 2022).

The whole representation is trained to be invariant to the view: the invariant counterpart of SIE, with the loss weights
of SIE's paper.

iebench train --method vicreg
"""

from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor

from ..action import Latents
from ..losses import covariance, distance, total, variance, weighted
from ..method import Method, method
from ..networks.encoder import Encoder
from ..networks.projector import check_fraction, check_widths, part_of, projector


@dataclass(frozen=True)
class VICRegSettings:
    """Defaults of the VICReg row of Garrido et al. 2023.

    projector : widths of the projector's layers
    invariant : invariant fraction of the embedding, at its start
    invariance, variance, covariance : the loss weights s, v and c
    """

    projector: tuple[int, ...] = (2048, 2048, 2048)
    invariant: float = 1.0
    invariance: float = 10.0
    variance: float = 10.0
    covariance: float = 1.0

    def __post_init__(self) -> None:
        check_widths(self.projector)
        check_fraction(self.invariant, "invariant")


@method("vicreg", VICRegSettings)
class VICReg(Method):
    """One projector on the whole representation."""

    def __init__(self, encoder: Encoder, settings: VICRegSettings) -> None:
        super().__init__(encoder)
        self.settings = settings
        self.projector = projector((self.dim, *settings.projector))
        self.agreeing = part_of(settings.projector[-1], settings.invariant, "invariant")

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = s L_inv + v V + c C, summed over consecutive views (eq. 6)."""
        return weighted(self.terms(self.by_view(self.projector, self.represent(images))), self.settings)

    def terms(self, embedding: list[Tensor]) -> dict[str, Tensor]:
        """Return the terms by name: K of (B, E) -> scalars."""
        agree = slice(0, self.agreeing)
        return {
            "invariance": total(distance(x[:, agree], y[:, agree]) for x, y in pairwise(embedding)),
            "variance": total(variance(view) for view in embedding),
            "covariance": total(covariance(view) for view in embedding),
        }
