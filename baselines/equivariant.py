"""Settings and base class of equivariant methods: a predictor maps an embedding and an action to another embedding."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from torch import Tensor, nn

from iebench.manifests.errors import InvalidValue
from iebench.manifests.factors import Factor

from . import action as actions
from .action import Action, Latents
from .method import Method
from .networks.encoder import Encoder
from .networks.predictor import Hypernetwork, Kind, LinearHypernetwork, predictor


@dataclass(frozen=True, kw_only=True)
class ActionSettings:
    """Settings of a method that uses the action between two views.

    action : "rotation", "rotation-colour", "all", or a comma list of the dataset's factor groups, such as
        "rotation,camera_azimuth"; of a circular factor the sine and cosine of the difference
    """

    action: Action = "rotation"

    def of_dataset(self, factors: Sequence[Factor], dataset: str) -> Self:
        """Return these settings with the action's groups replaced by their factors; see `action.resolved`.

        Raises
        ------
        SettingError : the dataset has no such group.
        """
        return replace(self, action=actions.resolved(self.action, factors, dataset))


@dataclass(frozen=True, kw_only=True)
class PredictorSettings(ActionSettings):
    """Settings of a predictor: the action that it is conditioned on, and its architecture.

    predictor : "linear" or "deep" hypernetwork, or "mlp"
    predictor_hidden : widths of the layers between the predictor's input and output; empty for none
    predictor_relu : true for a ReLU between the matrices of a hypernetwork that has several; an MLP always has ReLUs
    """

    predictor: Kind = "linear"
    predictor_hidden: tuple[int, ...] = ()
    predictor_relu: bool = False

    def __post_init__(self) -> None:
        if any(width < 1 for width in self.predictor_hidden):
            raise InvalidValue(f"predictor_hidden needs positive widths, not {self.predictor_hidden}")
        if self.predictor_relu and (self.predictor == "mlp" or not self.predictor_hidden):
            raise InvalidValue("predictor_relu lies between the matrices of a hypernetwork: it needs predictor_hidden")


@dataclass(frozen=True, kw_only=True)
class LayerSettings:
    """Settings of a method whose equivariant branch may hang after an earlier stage (layer decoupling, SER 2026).

    equivariant_layer : stage of the backbone, from 1, after which the equivariant branch hangs, on the mean of the
        stage's map; None for the representation
    """

    equivariant_layer: int | None = None


class EquivariantMethod(Method):
    """Base of methods with a projector on `columns` of the features and a predictor on its embedding.

    A subclass creates the three attributes itself. The order in which it does so decides the initial weights.
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
        """Map features (B, dim + beside) to embeddings (B, E) by the equivariant projector."""
        embedding: Tensor = self.equivariant_projector(representation[:, self.columns])
        return embedding

    def predict(self, embedding: Tensor, source: Latents, target: Latents) -> Tensor:
        """Return the predictor's output for the action from source to target; see `Method.predict`."""
        action = actions.onto(actions.between(self.action, source, target, self.as_released), embedding.device)
        if not isinstance(self.predictor, (LinearHypernetwork, Hypernetwork)):
            embedding = embedding.repeat_interleave(len(action) // len(embedding), dim=0)
        prediction: Tensor = self.predictor(action, embedding)
        return prediction

    def predict_next(self, embeddings: Sequence[Tensor], latents: Latents) -> list[Tensor]:
        """Predict each view but the first from the view before it.

        embeddings : K of (B, E); latents : (B, K) each
        returns : K - 1 of (B, E)
        """
        steps = actions.steps(self.action, latents)
        return [self.predictor(actions.onto(a, e.device), e) for a, e in zip(steps, embeddings[:-1], strict=True)]


def predictor_of(settings: PredictorSettings, dim: int) -> nn.Module:
    """Build the predictor that the settings describe, for embeddings of size `dim`."""
    numbers = actions.size(settings.action)
    return predictor(settings.predictor, numbers, dim, settings.predictor_hidden, settings.predictor_relu)
