"""Base classes of methods that read several views: an aggregate, a context, the action or the rotation of a pair."""

from typing import Any, ClassVar, Literal

from torch import Tensor

from .action import Latents
from .method import Method


class SequenceMethod(Method):
    """Base of methods with an aggregate of M context views, for any M >= 1, which is scored beside the encoder.

    aggregate_size : A, the size of an aggregate
    condition_size : C, the size of a condition, see `condition`; 0 without actions
    """

    aggregate_size: int
    condition_size: int = 0

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


class ActionCodeMethod(Method):
    """Base of methods that read a code of the action from two views of an object, without seeing the action itself.

    code_size : C, the number of columns of a code
    """

    code_size: int = 0

    def code(self, first: Tensor, second: Tensor) -> Tensor:
        """Return codes of the actions that take the first views to the second ones.

        first, second : (B, dim + beside), the features of two views of each object
        returns : (B, C) float; a row depends on its own pair alone
        """
        raise NotImplementedError(f"{type(self).__name__} has no code")


class RotationMethod(Method):
    """Base of methods whose embeddings of two views of an object give the rotation between them, without a probe.

    frame : "object" if the rotation is R12 = R1^-1 R2, "world" if it is R2 R1^-1
    """

    frame: Literal["object", "world"] = "object"

    def rotation(self, source: Tensor, target: Tensor) -> Tensor:
        """Read the rotation between two views of an object: two of (B, E), from `embed` -> (B, 3, 3)."""
        raise NotImplementedError(f"{type(self).__name__} reads no rotation")


class InContextMethod(Method):
    """Base of methods that read a view in a context: pairs of views of other objects, with the actions between them.

    environments : names of the kinds of context
    """

    environments: ClassVar[tuple[str, ...]] = ()

    def remember(self, first: Tensor, second: Tensor, source: Latents, target: Latents, environment: str) -> Any:
        """Return the memory of a context of p pairs, an argument of `read`.

        first, second : (p, dim) representations of the two views
        source, target : their latents, (p,) for each name in `self.latents`
        """
        raise NotImplementedError(f"{type(self).__name__} has no context")

    def read(self, representation: Tensor, memory: Any) -> Tensor:
        """Return the read-outs of views in a context: (n, dim) -> (n, E), of unit length."""
        raise NotImplementedError(f"{type(self).__name__} reads nothing")

    def foresee(
        self, representation: Tensor, source: Latents, target: Latents, environment: str, memory: Any
    ) -> Tensor:
        """Predict the read-outs of other views of the objects, in a context: (n, dim) -> (n, E), of unit length."""
        raise NotImplementedError(f"{type(self).__name__} predicts nothing")
