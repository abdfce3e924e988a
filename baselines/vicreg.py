"""VICReg: Variance-Invariance-Covariance Regularisation (Bardes, Ponce, LeCun, ICLR 2022).

The whole representation is pulled together over views; the invariant rival of SIE, with the weights of its paper.

iebench train --method vicreg
"""

from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor

from .encoder import Encoder
from .losses import covariance, distance, total, variance
from .method import Latents, Method, method
from .projector import by_view, check_widths, projector


@dataclass(frozen=True)
class VICRegSettings:
    """Defaults are those of the VICReg row of Garrido et al. 2023.

    projector : widths of the projector's layers
    invariance, variance, covariance : the loss weights s, v and c
    """

    projector: tuple[int, ...] = (2048, 2048, 2048)
    invariance: float = 10.0
    variance: float = 10.0
    covariance: float = 1.0

    def __post_init__(self) -> None:
        check_widths(self.projector)


@method("vicreg", VICRegSettings)
class VICReg(Method):
    """One projector on the whole representation."""

    def __init__(self, encoder: Encoder, settings: VICRegSettings) -> None:
        super().__init__(encoder)
        self.settings = settings
        self.projector = projector((self.dim, *settings.projector))

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = s L_inv + v V + c C, from each view to the next (eq. 6)."""
        embedding = by_view(self.projector, self.represent(images))  # K of (B, E)
        terms = {
            "invariance": total(distance(x, y) for x, y in pairwise(embedding)),
            "variance": total(variance(view) for view in embedding),
            "covariance": total(covariance(view) for view in embedding),
        }
        weight = self.settings
        loss = (
            weight.invariance * terms["invariance"]
            + weight.variance * terms["variance"]
            + weight.covariance * terms["covariance"]
        )
        return {"loss": loss, **terms}
