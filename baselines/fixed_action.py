"""Base classes of equivariant methods without a learned predictor: a rotation moves the embedding by a fixed matrix."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from iebench.manifests.errors import InvalidValue

from . import action as actions
from .action import ROTATION, Latents, onto
from .losses import no_autocast
from .networks.encoder import Encoder
from .networks.projector import projector
from .networks.wigner import AXES, wigner
from .rotations import nearest
from .several_views import RotationMethod


class FixedActionMethod(RotationMethod):
    """Base of methods whose embedding of R1 becomes that of R2 by a product with a matrix of the rotation between them.

    A subclass implements `embed`, `act` and `rotation`.
    """

    has_predictor = True

    def __init__(self, encoder: Encoder) -> None:
        super().__init__(encoder)
        self.latents = ROTATION

    def act(self, embedding: Tensor, quaternion: Tensor) -> Tensor:
        """Move embeddings (B, E) by rotations, given as quaternions (B, 4) float64 on the CPU: (B, E)."""
        raise NotImplementedError(f"{type(self).__name__} has no action")

    def predict(self, embedding: Tensor, source: Latents, target: Latents) -> Tensor:
        """Return the embedding moved by the rotation from source to target; see `Method.predict`."""
        quaternion = self.between(source, target)
        return self.act(embedding.repeat_interleave(len(quaternion) // len(embedding), dim=0), quaternion)

    def between(self, source: Latents, target: Latents) -> Tensor:
        """Return the quaternions (B, 4) of the rotation from source to target, in the method's frame."""
        named = actions.rotation_between if self.frame == "object" else actions.turn_between
        return named(source, target)

    def act_next(self, embeddings: Sequence[Tensor], latents: Latents) -> list[Tensor]:
        """Move each view's embedding but the last to the next view.

        embeddings : K of (B, E); latents : (B, K) each
        returns : K - 1 of (B, E)
        """
        views = [actions.view(latents, number) for number in range(len(embeddings))]
        turns = [self.between(*pair) for pair in pairwise(views)]
        return [self.act(embedding, turn) for embedding, turn in zip(embeddings, turns, strict=False)]


class WignerMethod(FixedActionMethod):
    """Base of methods whose embedding is h vectors of each degree; as rows, they are multiplied by D_l of the rotation.

    hidden : widths of the layers between the representation and the latent
    degrees : largest degree L; channels : number h of vectors of each degree; the latent has h (L + 1)^2 dimensions
    """

    def __init__(self, encoder: Encoder, hidden: tuple[int, ...], degrees: int, channels: int) -> None:
        super().__init__(encoder)
        self.channels = channels
        self.sizes = [2 * degree + 1 for degree in range(degrees + 1)]
        self.latent_head = projector((self.dim, *hidden, channels * sum(self.sizes)))

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
        vectors = torch.unflatten(embedding, 1, (self.channels, -1))
        return torch.split_with_sizes(vectors, self.sizes, 2)


def check_degrees(degrees: int, channels: int) -> None:
    """Raise InvalidValue unless there is a degree that moves with the pose, and a vector."""
    if degrees < 1:
        raise InvalidValue(f"degrees must be at least 1, not {degrees}: degree 0 does not move with the pose")
    if channels < 1:
        raise InvalidValue(f"channels must be at least 1, not {channels}")
