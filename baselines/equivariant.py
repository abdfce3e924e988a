"""What the methods share whose embedding must follow the action between views through a predictor."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from iebench.manifests.errors import InvalidValue

from . import action as actions
from .action import Action, Latents
from .method import Method
from .networks.encoder import Encoder
from .networks.predictor import Hypernetwork, Kind, LinearHypernetwork, predictor


@dataclass(frozen=True, kw_only=True)
class ActionSettings:
    """What a method is told about two views.

    action : "rotation", "rotation-colour" or "all"
    """

    action: Action = "rotation"


@dataclass(frozen=True, kw_only=True)
class PredictorSettings(ActionSettings):
    """What a predictor is told and how it is built.

    predictor : "linear" or "deep" hypernetwork, or "mlp"
    predictor_hidden : widths between the predictor's input and output, for a longer one
    predictor_relu : whether a longer hypernetwork has a ReLU between its matrices; an MLP always has
    """

    predictor: Kind = "linear"
    predictor_hidden: tuple[int, ...] = ()
    predictor_relu: bool = False

    def __post_init__(self) -> None:
        if any(width < 1 for width in self.predictor_hidden):
            raise InvalidValue(f"predictor_hidden needs positive widths, not {self.predictor_hidden}")
        if self.predictor_relu and (self.predictor == "mlp" or not self.predictor_hidden):
            raise InvalidValue("predictor_relu lies between the matrices of a hypernetwork: it needs predictor_hidden")


class EquivariantMethod(Method):
    """Base of methods with a projector on `columns` of the representation and a predictor on its embedding.

    A subclass makes the three attributes itself, in its own order: the order decides the initial weights.
    """

    has_predictor = True

    columns: slice
    equivariant_projector: nn.Sequential
    predictor: nn.Module

    def __init__(self, encoder: Encoder, action: Action) -> None:
        super().__init__(encoder)
        self.action = action
        self.latents = actions.columns(action)

    def embed(self, representation: Tensor) -> Tensor:
        """(B, dim) -> (B, E) through the equivariant projector."""
        embedding: Tensor = self.equivariant_projector(representation[:, self.columns])
        return embedding

    def predict(self, embedding: Tensor, source: Latents, target: Latents) -> Tensor:
        """The predictor's answer for the action from source to target, see `Method.predict`."""
        action = actions.onto(actions.between(self.action, source, target, self.as_released), embedding.device)
        if not isinstance(self.predictor, (LinearHypernetwork, Hypernetwork)):
            embedding = embedding.repeat_interleave(len(action) // len(embedding), dim=0)
        prediction: Tensor = self.predictor(action, embedding)
        return prediction

    def predict_next(self, embeddings: Sequence[Tensor], latents: Latents) -> list[Tensor]:
        """The prediction of each view but the first from the one before it.

        embeddings : K of (B, E); latents : (B, K) each
        returns : K - 1 of (B, E)
        """
        told = actions.steps(self.action, latents)
        return [self.predictor(actions.onto(a, e.device), e) for a, e in zip(told, embeddings[:-1], strict=True)]


def predictor_of(settings: PredictorSettings, dim: int) -> nn.Module:
    """The predictor that the settings ask for, on embeddings of size `dim`."""
    numbers = actions.size(settings.action)
    return predictor(settings.predictor, numbers, dim, settings.predictor_hidden, settings.predictor_relu)
