"""EquiMod: an invariant and an equivariant loss on one representation (Devillers, Lefort, ICLR 2023).

Two projectors read the whole representation; the embedding of the second must follow the action between views. Follows
SimCLREquiMod and VICRegEquiMod of facebookresearch/SIE: SimCLR's or VICReg's loss twice, with SIE's hypernetwork.

iebench train --method equimod
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from torch import Tensor

from ..action import Latents
from ..equivariant import EquivariantMethod, LayerSettings, PredictorSettings, predictor_of
from ..losses import covariance, distance, nt_xent, total, variance
from ..method import method
from ..networks.encoder import Encoder
from ..networks.projector import projector
from .simclr import SimCLRSettings


@dataclass(frozen=True)
class EquiModSettings(LayerSettings, PredictorSettings, SimCLRSettings):
    """Defaults of the repository facebookresearch/SIE; the settings behind the paper's row are not known.

    projector : widths of the layers of each of the two projectors
    base : the loss of both branches, "simclr" with `temperature` or "vicreg" with the three weights below
    similarity, variance, covariance : VICReg's weights s, v and c
    equivariance : weight f of the equivariant branch
    """

    base: Literal["simclr", "vicreg"] = "simclr"
    similarity: float = 10.0
    variance: float = 10.0
    covariance: float = 1.0
    equivariance: float = 4.5

    def __post_init__(self) -> None:
        SimCLRSettings.__post_init__(self)
        PredictorSettings.__post_init__(self)


@method("equimod", EquiModSettings)
class EquiMod(EquivariantMethod):
    """Two projectors on the whole representation, and the predictor on the second's embedding."""

    def __init__(self, encoder: Encoder, settings: EquiModSettings) -> None:
        super().__init__(encoder, settings.action)
        self.settings = settings
        self.columns = self.branch(settings.equivariant_layer)
        self.invariant_projector = projector((self.dim, *settings.projector), settings.projector_norm)
        width = self.columns.stop - self.columns.start
        self.equivariant_projector = projector((width, *settings.projector), settings.projector_norm)
        self.predictor = predictor_of(settings, settings.projector[-1])

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = l(i^x, i^y) + f l(W(q) e^x, e^y), summed over consecutive views; l is the loss of the base method."""
        views = self.represent(images)
        invariant = self.by_view(self.invariant_projector, views[..., : self.dim])  # K of (B, E)
        embedding = self.by_view(self.equivariant_projector, views[..., self.columns])
        predicted = self.predict_next(embedding, latents)
        terms = {
            "invariance": self._branch(pairwise(invariant), invariant),
            "equivariance": self._branch(zip(predicted, embedding[1:], strict=True), embedding),
        }
        return {"loss": terms["invariance"] + self.settings.equivariance * terms["equivariance"], **terms}

    def _branch(self, pairs: Iterable[tuple[Tensor, Tensor]], embedding: list[Tensor]) -> Tensor:
        weight = self.settings
        if weight.base == "simclr":
            return total(nt_xent(x, y, weight.temperature) for x, y in pairs)
        return (
            weight.similarity * total(distance(x, y) for x, y in pairs)
            + weight.variance * total(variance(view) for view in embedding)
            + weight.covariance * total(covariance(view) for view in embedding)
        )
