"""SIE: Split Invariant-Equivariant learning (Garrido, Najman, LeCun, ICML 2023).

One half of the representation is pulled together over views; the other half must follow the relative rotation through
a hypernetwork. VICReg's variance and covariance terms prevent collapse.

iebench train --method sie
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from .encoder import Encoder
from .equivariant import EquivariantMethod
from .losses import covariance, distance, total, variance
from .method import Latents, method
from .predictor import LinearHypernetwork
from .projector import by_view, check_widths, projector


@dataclass(frozen=True)
class SIESettings:
    """Defaults are the paper's.

    projector : widths of each of the two projectors' layers
    invariance, equivariance, variance, prediction_variance, covariance : the loss weights s, f * s, v, v and c, with
        s = 10, f = 0.45, v = 10, c = 1
    """

    projector: tuple[int, ...] = (1024, 1024, 1024)
    invariance: float = 10.0
    equivariance: float = 4.5
    variance: float = 10.0
    prediction_variance: float = 10.0
    covariance: float = 1.0

    def __post_init__(self) -> None:
        check_widths(self.projector)


@method("sie", SIESettings)
class SIE(EquivariantMethod):
    """Two projectors on the two halves, and a predictor for the equivariant one.

    parts : "invariant" and "equivariant", the first and the second half of the representation
    """

    def __init__(self, encoder: Encoder, settings: SIESettings) -> None:
        super().__init__(encoder)
        self.settings = settings
        half = self.dim // 2
        self.columns = slice(half, self.dim)
        self.parts = {"invariant": slice(0, half), "equivariant": self.columns}
        self.invariant_projector = projector((half, *settings.projector))
        self.equivariant_projector = projector((self.dim - half, *settings.projector))
        self.predictor = LinearHypernetwork(4, settings.projector[-1])

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = s L_inv + f s L_eq + v V + v V_pred + c C, from each view to the next (facebookresearch/SIE)."""
        views = self.represent(images)  # (B, K, dim)
        invariant = by_view(self.invariant_projector, views[..., self.parts["invariant"]])  # K of (B, E)
        equivariant = by_view(self.equivariant_projector, views[..., self.columns])
        predicted = self.predict_next(equivariant, latents)  # K - 1 of (B, E)
        whole = [torch.cat(parts, dim=1) for parts in zip(invariant, equivariant, strict=True)]  # K of (B, 2 E)
        terms = {
            "invariance": total(distance(x, y) for x, y in pairwise(invariant)),
            "equivariance": total(distance(p, y) for p, y in zip(predicted, equivariant[1:], strict=True)),
            "variance": total(variance(view) for view in whole),
            "prediction_variance": total(variance(view) for view in predicted),
            "covariance": total(covariance(view) for view in whole),
        }
        weight = self.settings
        loss = (
            weight.invariance * terms["invariance"]
            + weight.equivariance * terms["equivariance"]
            + weight.variance * terms["variance"]
            + weight.prediction_variance * terms["prediction_variance"]
            + weight.covariance * terms["covariance"]
        )
        return {"loss": loss, **terms}
