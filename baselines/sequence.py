"""Base class of methods that represent an object by several views and the actions between them."""

from torch import Tensor

from .action import Latents
from .method import Method


class SequenceMethod(Method):
    """Base of methods with an aggregate of M context views, for any M >= 1, which is scored beside the encoder."""

    def aggregate(self, representations: Tensor, latents: Latents) -> Tensor:
        """Return the aggregate of context views in their order.

        representations : (B, M, dim), the encoder's; latents : (B, M) float64 for each name in `self.latents`
        returns : (B, A)
        """
        raise NotImplementedError(f"{type(self).__name__} has no aggregate")

    def condition(self, source: Latents, target: Latents) -> Tensor | None:
        """Return the predictor's form of the action from the last context view to the target; None without actions.

        source, target : (B,) float64 for each name in `self.latents`
        returns : (B, C)
        """
        raise NotImplementedError(f"{type(self).__name__} has no condition")
