"""SEN: equivariance alone, by a contrastive loss (Park et al., ICML 2022; SimCLROnlyEqui of facebookresearch/SIE).

SimCLR whose first embedding passes through the predictor; no term makes the representation invariant.

iebench train --method sen
"""

from dataclasses import dataclass

from torch import Tensor

from ..action import Latents
from ..equivariant import EquivariantMethod, PredictorSettings, predictor_of
from ..losses import nt_xent, total
from ..method import method
from ..networks.encoder import Encoder
from ..networks.projector import projector
from .simclr import SimCLRSettings


@dataclass(frozen=True)
class SENSettings(PredictorSettings, SimCLRSettings):
    """Settings of SimCLR and of the predictor."""

    def __post_init__(self) -> None:
        SimCLRSettings.__post_init__(self)
        PredictorSettings.__post_init__(self)


@method("sen", SENSettings)
class SEN(EquivariantMethod):
    """One projector on the whole representation, and the predictor on its embedding."""

    def __init__(self, encoder: Encoder, settings: SENSettings) -> None:
        super().__init__(encoder, settings.action)
        self.settings = settings
        self.columns = slice(0, self.dim)
        self.equivariant_projector = projector((self.dim, *settings.projector), settings.projector_norm)
        self.predictor = predictor_of(settings, settings.projector[-1])

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = NT-Xent(W(q) e^x, e^y), summed over consecutive views."""
        embedding = self.by_view(self.equivariant_projector, self.represent(images))  # K of (B, E)
        predicted = self.predict_next(embedding, latents)
        pairs = zip(predicted, embedding[1:], strict=True)
        return {"loss": total(nt_xent(p, y, self.settings.temperature) for p, y in pairs)}
