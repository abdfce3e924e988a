"""EquiMod: an invariant and an equivariant contrast on one representation (Devillers, Lefort, ICLR 2023).

Two projectors see the whole representation; the second's embedding must follow the relative rotation. As
SimCLREquiMod of facebookresearch/SIE: NT-Xent twice, with SIE's hypernetwork as the predictor.

iebench train --method equimod
"""

from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor

from .action import Latents
from .encoder import Encoder
from .equivariant import EquivariantMethod, PredictorSettings, predictor_of
from .losses import nt_xent, total
from .method import method
from .projector import by_view, projector
from .simclr import SimCLRSettings


@dataclass(frozen=True)
class EquiModSettings(PredictorSettings, SimCLRSettings):
    """Defaults are those of the repository facebookresearch/SIE; which ones made the paper's row is not known.

    projector : widths of each of the two projectors' layers
    equivariance : weight f of the equivariant contrast
    """

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
        self.columns = slice(0, self.dim)
        self.invariant_projector = projector((self.dim, *settings.projector))
        self.equivariant_projector = projector((self.dim, *settings.projector))
        self.predictor = predictor_of(settings, settings.projector[-1])

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = NT-Xent(i^x, i^y) + f NT-Xent(W(q) e^x, e^y), from each view to the next."""
        views, tau = self.represent(images), self.settings.temperature
        invariant = by_view(self.invariant_projector, views)  # K of (B, E)
        embedding = by_view(self.equivariant_projector, views)
        predicted = self.predict_next(embedding, latents)
        terms = {
            "invariance": total(nt_xent(x, y, tau) for x, y in pairwise(invariant)),
            "equivariance": total(nt_xent(p, y, tau) for p, y in zip(predicted, embedding[1:], strict=True)),
        }
        return {"loss": terms["invariance"] + self.settings.equivariance * terms["equivariance"], **terms}
