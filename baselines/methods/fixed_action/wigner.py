"""Wigner: the embedding moves by irreducible matrices of the rotation, a latent form of g-NFT (Koyama et al. 2023).

g-NFT decodes images; here the latents themselves are compared, with SIE's terms against collapse, so that the floor and
the light, which differ from view to view, need not be predicted. It is SIE with a fixed predictor, and not g-NFT.

The lengths of the vectors are the same in all views only as far as the embedding is equivariant: after a short training
they still differ, and a probe reads the rotation from them.

iebench train --method wigner
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from ...action import Latents
from ...fixed_action import WignerMethod, check_degrees
from ...losses import covariance, distance, precise, total, variance, weighted
from ...method import method
from ...networks.encoder import Encoder
from ...networks.projector import check_widths


@dataclass(frozen=True)
class WignerSettings:
    """Settings; the loss weights are those of SIE.

    projector : widths of the layers between the representation and the latent
    degrees : largest degree L; g-NFT has 8
    channels : number h of vectors of every degree; the latent has h (L + 1)^2 dimensions
    invariance, equivariance, variance, covariance : the loss weights s, f * s, v and c
    """

    projector: tuple[int, ...] = (512,)
    degrees: int = 3
    channels: int = 32
    invariance: float = 10.0
    equivariance: float = 4.5
    variance: float = 10.0
    covariance: float = 1.0

    def __post_init__(self) -> None:
        check_widths(self.projector)
        check_degrees(self.degrees, self.channels)


@method("wigner", WignerSettings)
class Wigner(WignerMethod):
    """A head to h vectors of each degree; vectors of degree l, as rows, are multiplied by D_l of the rotation.

    Their lengths, the invariant part, are scored beside the representation.
    """

    def __init__(self, encoder: Encoder, settings: WignerSettings) -> None:
        super().__init__(encoder, settings.projector, settings.degrees, settings.channels)
        self.settings = settings
        self.beside = settings.channels * len(self.sizes)
        self.parts = {"lengths": slice(self.dim, self.dim + self.beside)}

    def features(self, images: Tensor) -> Tensor:
        """Return representations and the lengths of their vectors; see `Method.features`."""
        representation = self.encoder(images)
        return torch.cat([representation, self.invariant(self.embed(representation))], dim=1)

    def embed(self, representation: Tensor) -> Tensor:
        """Map features (B, dim + beside), of which only the representation counts, to latents (B, h (L + 1)^2)."""
        return super().embed(representation[:, : self.dim])

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = s MSE(|z_l^x|, |z_l^y|) + f s MSE(z^x D(R12), z^y) + v V + c C, over consecutive views."""
        representations = torch.stack(self.by_view(self.encoder, images), dim=1)
        latent = [precise(view) for view in self.by_view(self.embed, representations)]  # K of (B, E)
        moved = self.act_next(latent, latents)
        terms = {
            "invariance": total(distance(x, y) for x, y in pairwise(self.invariant(view) for view in latent)),
            "equivariance": total(distance(m, y) for m, y in zip(moved, latent[1:], strict=True)),
            "variance": total(variance(view) for view in latent),
            "covariance": total(covariance(view) for view in latent),
        }
        return weighted(terms, self.settings)
