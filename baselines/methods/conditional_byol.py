"""Conditional BYOL: BYOL with a predictor conditioned on the action (Ghaemi et al., NeurIPS 2025: seq-JEPA's baseline).

iebench train --method conditional-byol
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from iebench.manifests.errors import InvalidValue

from .. import action as actions
from ..action import Latents
from ..equivariant import ActionSettings, EquivariantMethod
from ..losses import cosine_distance, total
from ..method import method
from ..networks.encoder import Encoder
from ..networks.projector import projector
from ..networks.target import Target, momentum
from .byol import BYOLSettings


@dataclass(frozen=True)
class ConditionalBYOLSettings(ActionSettings, BYOLSettings):
    """Default widths of the repository hafezgh/seq-jepa, where `projector_norm` is true.

    action_size : size of the linear projection of the action that enters the predictor
    """

    projector: tuple[int, ...] = (2048, 128)
    hidden: int = 2048
    action_size: int = 128

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.action_size < 1:
            raise InvalidValue(f"action_size must be at least 1, not {self.action_size}")


class ConditionalPredictor(nn.Module):
    """An MLP on [P(a), e]; P is a linear layer without bias and a batch norm without scale."""

    def __init__(self, numbers: int, settings: ConditionalBYOLSettings) -> None:
        super().__init__()
        size = settings.projector[-1]
        self.action_projector = nn.Sequential(
            nn.Linear(numbers, settings.action_size, bias=False), nn.BatchNorm1d(settings.action_size, affine=False)
        )
        self.layers = projector((settings.action_size + size, settings.hidden, size))

    def forward(self, action: Tensor, embedding: Tensor) -> Tensor:
        """(B, actions) and (B, E) -> (B, E), float."""
        condition = self.action_projector(action.to(next(self.parameters()).dtype))
        out: Tensor = self.layers(torch.cat([condition, embedding], dim=1))
        return out


@method("conditional-byol", ConditionalBYOLSettings)
class ConditionalBYOL(EquivariantMethod):
    """A projector on the whole representation, a predictor conditioned on the action, and the target network.

    In training a prediction is compared with the target's embedding; in scoring, by `embed`, with the projector's.
    """

    scheduled = True

    def __init__(self, encoder: Encoder, settings: ConditionalBYOLSettings) -> None:
        super().__init__(encoder, settings.action)
        self.settings = settings
        self.columns = slice(0, self.dim)
        self.equivariant_projector = projector((self.dim, *settings.projector), settings.projector_norm)
        self.predictor = ConditionalPredictor(actions.size(settings.action), settings)
        self.target = Target(self.encoder, self.equivariant_projector)

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = 2 - 2 cos(p([P(a), e^x]), t^y), summed over consecutive views."""
        predicted = self.predict_next(self.by_view(self.equivariant_projector, self.represent(images)), latents)
        goals = self.by_view(self.target, images)[1:]
        return {"loss": total(cosine_distance(p, t) for p, t in zip(predicted, goals, strict=True))}

    def after_step(self, step: int, steps: int) -> None:
        """Move the target network (Grill et al. 2020, eq. 1)."""
        now = momentum(self.settings.momentum, step, steps)
        self.target.follow(self.encoder, self.equivariant_projector, momentum=now)
