"""What the methods share whose embedding must follow the relative rotation through a hypernetwork."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from .method import ROTATION, Latents, Method, rotation_between
from .predictor import LinearHypernetwork


class EquivariantMethod(Method):
    """Base of methods with a projector on `columns` of the representation and W(q) on its embedding.

    A subclass makes the three attributes itself, in its own order: the order decides the initial weights.
    """

    latents = ROTATION
    has_predictor = True

    columns: slice
    equivariant_projector: nn.Sequential
    predictor: LinearHypernetwork

    def embed(self, representation: Tensor) -> Tensor:
        """(B, dim) -> (B, E) through the equivariant projector."""
        embedding: Tensor = self.equivariant_projector(representation[:, self.columns])
        return embedding

    def predict(self, embedding: Tensor, source: Latents, target: Latents) -> Tensor:
        """W(q) e with q the rotation from source to target pose: (B, E) -> (B, E)."""
        rotation = rotation_between(source, target).to(embedding.device)
        prediction: Tensor = self.predictor(rotation, embedding)
        return prediction

    def predict_next(self, embeddings: Sequence[Tensor], latents: Latents) -> list[Tensor]:
        """The prediction of each view but the first from the one before it.

        embeddings : K of (B, E); latents : (B, K) each
        returns : K - 1 of (B, E)
        """
        poses = [{name: latents[name][:, k] for name in self.latents} for k in range(len(embeddings))]
        return [self.predict(e, *pair) for e, pair in zip(embeddings, pairwise(poses), strict=False)]
