"""Base class of equivariant methods without a learned predictor: a rotation moves the embedding by a fixed matrix."""

from collections.abc import Sequence

from torch import Tensor

from . import action as actions
from .action import ROTATION, Latents
from .method import Method
from .networks.encoder import Encoder


class FixedActionMethod(Method):
    """Base of methods whose embedding of R1 becomes that of R2 = R1 R12 by a product with a matrix of R12.

    A subclass implements `embed`, `act` and `rotation`.
    """

    has_predictor = True

    def __init__(self, encoder: Encoder) -> None:
        super().__init__(encoder)
        self.latents = ROTATION

    def act(self, embedding: Tensor, quaternion: Tensor) -> Tensor:
        """Move embeddings (B, E) by rotations, given as quaternions (B, 4) float64 on the CPU: (B, E)."""
        raise NotImplementedError(f"{type(self).__name__} has no action")

    def rotation(self, source: Tensor, target: Tensor) -> Tensor:
        """Read R12 from the embeddings of two views of an object, without a probe: two of (B, E) -> (B, 3, 3)."""
        raise NotImplementedError(f"{type(self).__name__} reads no rotation")

    def predict(self, embedding: Tensor, source: Latents, target: Latents) -> Tensor:
        """Return the embedding moved by the rotation from source to target; see `Method.predict`."""
        quaternion = actions.rotation_between(source, target)
        return self.act(embedding.repeat_interleave(len(quaternion) // len(embedding), dim=0), quaternion)

    def act_next(self, embeddings: Sequence[Tensor], latents: Latents) -> list[Tensor]:
        """Move each view's embedding but the last to the next view.

        embeddings : K of (B, E); latents : (B, K) each
        returns : K - 1 of (B, E)
        """
        turns = actions.steps("rotation", latents)
        return [self.act(embedding, turn) for embedding, turn in zip(embeddings, turns, strict=False)]
