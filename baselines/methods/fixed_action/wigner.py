"""Wigner: the embedding moves by irreducible matrices of the rotation, a latent form of g-NFT (Koyama et al. 2023).

g-NFT decodes images; here the latents themselves are compared, with SIE's terms against collapse, so that the floor and
the light, which differ from view to view, need not be predicted. It is SIE with a fixed predictor, and not g-NFT.

iebench train --method wigner
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from iebench.manifests.errors import InvalidValue

from ...action import Latents, onto
from ...fixed_action import FixedActionMethod
from ...losses import covariance, distance, no_autocast, precise, total, variance, weighted
from ...method import method
from ...networks.encoder import Encoder
from ...networks.projector import check_widths, projector
from ...networks.wigner import AXES, wigner
from ...rotations import nearest


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
        if self.degrees < 1:
            raise InvalidValue(f"degrees must be at least 1, not {self.degrees}: degree 0 does not move with the pose")
        if self.channels < 1:
            raise InvalidValue(f"channels must be at least 1, not {self.channels}")


@method("wigner", WignerSettings)
class Wigner(FixedActionMethod):
    """A head to h vectors of each degree; vectors of degree l, as rows, are multiplied by D_l of the rotation."""

    def __init__(self, encoder: Encoder, settings: WignerSettings) -> None:
        super().__init__(encoder)
        self.settings = settings
        self.sizes = [2 * degree + 1 for degree in range(settings.degrees + 1)]
        self.latent_head = projector((self.dim, *settings.projector, settings.channels * sum(self.sizes)))

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = s MSE(|z_l^x|, |z_l^y|) + f s MSE(z^x D(R12), z^y) + v V + c C, over consecutive views."""
        latent = [precise(view) for view in self.by_view(self.latent_head, self.represent(images))]  # K of (B, E)
        moved = self.act_next(latent, latents)
        terms = {
            "invariance": total(distance(x, y) for x, y in pairwise(self.invariant(view) for view in latent)),
            "equivariance": total(distance(m, y) for m, y in zip(moved, latent[1:], strict=True)),
            "variance": total(variance(view) for view in latent),
            "covariance": total(covariance(view) for view in latent),
        }
        return weighted(terms, self.settings)

    def embed(self, representation: Tensor) -> Tensor:
        """Map representations (B, dim) to latents (B, h (L + 1)^2)."""
        latent: Tensor = self.latent_head(representation)
        return latent

    def act(self, embedding: Tensor, quaternion: Tensor) -> Tensor:
        """Multiply the vectors of each degree by its Wigner matrix: z(R1 R12) = z(R1) D(R12)."""
        blocks = []
        with no_autocast(embedding.device):
            for degree, block in enumerate(self._blocks(embedding)):
                matrix = wigner(degree, quaternion).to(embedding.dtype)
                blocks.append(block @ onto(matrix, embedding.device))
        return torch.cat(blocks, dim=2).flatten(1)

    def invariant(self, embedding: Tensor) -> Tensor:
        """Return the length of every vector, which no rotation changes: (B, E) -> (B, h (L + 1))."""
        lengths = [torch.linalg.vector_norm(block, dim=2) for block in self._blocks(embedding)]
        return torch.cat(lengths, dim=1)

    def rotation(self, source: Tensor, target: Tensor) -> Tensor:
        """Return the rotation that takes the unit vectors of degree 1 nearest to the target's (Procrustes)."""
        start, end = (torch.nn.functional.normalize(self._blocks(view)[1], dim=2) for view in (source, target))
        return nearest((start.mT @ end)[:, AXES][:, :, AXES])

    def _blocks(self, embedding: Tensor) -> tuple[Tensor, ...]:
        """Return the vectors of each degree: (B, E) -> L + 1 of (B, h, 2l + 1)."""
        vectors = torch.unflatten(embedding, 1, (self.settings.channels, -1))
        return torch.split_with_sizes(vectors, self.sizes, 2)
