"""SEN: only equivariance, by contrast (Park et al., ICML 2022; SimCLROnlyEqui of facebookresearch/SIE).

SimCLR whose first embedding goes through the predictor: nothing asks the representation to be invariant.

iebench train --method sen
"""

from torch import Tensor

from .encoder import Encoder
from .equivariant import EquivariantMethod
from .losses import nt_xent, total
from .method import Latents, method
from .predictor import LinearHypernetwork
from .projector import by_view, projector
from .simclr import SimCLRSettings


class SENSettings(SimCLRSettings):
    """Those of SimCLR."""


@method("sen", SENSettings)
class SEN(EquivariantMethod):
    """One projector on the whole representation, and the predictor on its embedding."""

    def __init__(self, encoder: Encoder, settings: SENSettings) -> None:
        super().__init__(encoder)
        self.settings = settings
        self.columns = slice(0, self.dim)
        self.equivariant_projector = projector((self.dim, *settings.projector))
        self.predictor = LinearHypernetwork(4, settings.projector[-1])

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = NT-Xent(W(q) e^x, e^y), from each view to the next."""
        embedding = by_view(self.equivariant_projector, self.represent(images))  # K of (B, E)
        predicted = self.predict_next(embedding, latents)
        pairs = zip(predicted, embedding[1:], strict=True)
        return {"loss": total(nt_xent(p, y, self.settings.temperature) for p, y in pairs)}
