"""seq-JEPA: an aggregate of several views and the next action predict the next view (Ghaemi et al., NeurIPS 2025).

A step has M context views and one target view, so `--set views=4` is M = 3. The encoder's representation and the
aggregate of context views are scored apart.

iebench train --method seq-jepa --set views=4
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from iebench.manifests.errors import InvalidValue

from ... import action as actions
from ...action import Latents, onto
from ...equivariant import ActionSettings
from ...losses import cosine_distance
from ...method import Needs, method
from ...networks.aggregator import Aggregator
from ...networks.encoder import Encoder
from ...networks.projector import projector
from ...networks.target import Target, check_momentum, momentum
from ...several_views import SequenceMethod


@dataclass(frozen=True, kw_only=True)
class SeqJEPASettings(ActionSettings):
    """Defaults of the paper.

    action_size : size of the action's linear projection, a part of every token; 0 for a method without actions
    layers, heads, dropout : of the transformer that aggregates the views
    hidden : width of the predictor's hidden layer
    momentum : initial momentum of the target network; it rises to 1 by a cosine over the steps of the run
    context : smallest number M of context views, for a row of a sweep; a run has one view fewer than `views`
    """

    action_size: int = 128
    layers: int = 3
    heads: int = 4
    dropout: float = 0.1
    hidden: int = 1024
    momentum: float = 0.996
    context: int = 1

    def __post_init__(self) -> None:
        if self.action_size < 0 or not 0 <= self.dropout < 1:
            raise InvalidValue(f"action_size and dropout are from 0 on, not {self.action_size} and {self.dropout}")
        counts = self.layers, self.heads, self.hidden, self.context
        if min(counts) < 1:
            raise InvalidValue(f"layers, heads, hidden and context are from 1 on, not {counts}")
        check_momentum(self.momentum)


@method("seq-jepa", SeqJEPASettings)
class SeqJEPA(SequenceMethod):
    """A transformer on tokens [h_i, P(a_i)], a predictor of the next view's representation, and the target encoder."""

    scheduled = True

    @classmethod
    def needs(cls, settings: SeqJEPASettings) -> Needs:
        """Return context views and a target."""
        return Needs(views=settings.context + 1)

    def __init__(self, encoder: Encoder, settings: SeqJEPASettings) -> None:
        super().__init__(encoder)
        self.settings = settings
        size = settings.action_size
        self.aggregate_size, self.condition_size = self.dim + size, size
        self.has_predictor = size > 0
        self.latents = actions.columns(settings.action) if size else ()
        self.action_layer = projector((actions.size(settings.action), size), norm=True) if size else None  # P
        width = self.aggregate_size
        self.aggregator = Aggregator(width, settings.layers, settings.heads, settings.dropout)
        hidden = settings.hidden
        self.predictor = nn.Sequential(
            nn.Linear(width + size, hidden, bias=False), nn.BatchNorm1d(hidden), nn.ReLU(inplace=True),
            nn.Linear(hidden, self.dim),
        )  # fmt: skip
        self.target = Target(self.encoder)

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = 1 - cos(p([z_agg, P(a_M)]), t^{M+1}), z_agg of tokens [h_i, P(a_i)], i < M, and [h_M, 0].

        The norm in P sees the actions of all context views together, and the last one alone before the predictor.
        """
        views = self.represent(images[:, :-1])  # (B, M, dim)
        conditions, last = None, None
        if self.action_layer is not None:
            steps = torch.stack(actions.steps(self.settings.action, latents), dim=1)  # (B, M, numbers)
            conditions, last = self._projected(steps)[:, :-1], self._projected(steps[:, -1])
        predicted = self._predicted(self._aggregate(views, conditions), last)
        return {"loss": cosine_distance(predicted, self.target(images[:, -1])) / 2}

    def after_step(self, step: int, steps: int) -> None:
        """Move the target network (Grill et al. 2020, eq. 1)."""
        self.target.follow(self.encoder, momentum=momentum(self.settings.momentum, step, steps))

    def aggregate(self, representations: Tensor, latents: Latents) -> Tensor:
        """Return z_agg (B, dim + action_size); see `SequenceMethod.aggregate`."""
        conditions = None
        if self.action_layer is not None and representations.shape[1] > 1:
            steps = actions.steps(self.settings.action, latents, self.as_released)
            conditions = self._projected(torch.stack(steps, dim=1))
        return self._aggregate(representations, conditions)

    def condition(self, source: Latents, target: Latents) -> Tensor | None:
        """Return P(a) (B, action_size); see `SequenceMethod.condition`."""
        if self.action_layer is None:
            return None
        return self._projected(actions.between(self.settings.action, source, target, self.as_released))

    def embed(self, representation: Tensor) -> Tensor:
        """Return the representation itself, which is what the predictor predicts."""
        return representation

    def predict(self, embedding: Tensor, source: Latents, target: Latents) -> Tensor:
        """Return the predictor's output with the source as the one context view; see `Method.predict`."""
        action = self._projected(actions.between(self.settings.action, source, target, self.as_released))
        aggregate = self._aggregate(embedding.unsqueeze(1), None)
        return self._predicted(aggregate.repeat_interleave(len(action) // len(embedding), dim=0), action)

    def _projected(self, action: Tensor) -> Tensor:
        """Return P of actions on the CPU: (..., numbers) -> (..., action_size), on the device of the weights."""
        assert self.action_layer is not None
        weight = next(self.action_layer.parameters())
        rows = self.action_layer(onto(action.flatten(0, -2), weight.device).to(weight.dtype))
        return torch.unflatten(rows, 0, action.shape[:-1])

    def _aggregate(self, views: Tensor, conditions: Tensor | None) -> Tensor:
        """Return z_agg of views (B, M, dim) and the projected actions after the first M - 1; None for zeros."""
        blank = views.new_zeros(*views.shape[:2], self.settings.action_size)
        if conditions is not None:
            blank = nn.functional.pad(conditions, (0, 0, 0, 1))
        aggregate: Tensor = self.aggregator(torch.cat([views, blank], dim=2))
        return aggregate

    def _predicted(self, aggregate: Tensor, condition: Tensor | None) -> Tensor:
        predicted: Tensor = self.predictor(aggregate if condition is None else torch.cat([aggregate, condition], 1))
        return predicted
