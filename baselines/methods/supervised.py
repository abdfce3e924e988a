"""Supervised: the encoder trained on the labels, the upper reference of the tables (Garrido et al., ICML 2023).

It learns the class of one view by cross-entropy, the action between two views by regression, or both.

iebench train --method supervised
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from iebench.manifests.errors import InvalidValue

from .. import action as actions
from ..action import LABEL, Latents
from ..equivariant import ActionSettings
from ..losses import distance, total
from ..method import Method, method
from ..networks.encoder import Encoder
from ..networks.projector import check_widths, perceptron


@dataclass(frozen=True)
class SupervisedSettings(ActionSettings):
    """Settings of supervised training; the literature gives none, and the regression head is that of the probes.

    target : "class", "action" or "both"
    classes : number of classes
    hidden : widths of the hidden layers of the regression head, from two representations to the action
    regression : weight of the regression beside the cross-entropy
    """

    target: Literal["class", "action", "both"] = "both"
    classes: int = 55
    hidden: tuple[int, ...] = (1024, 1024)
    regression: float = 1.0

    def __post_init__(self) -> None:
        check_widths(self.hidden, "hidden")
        if self.classes < 2:
            raise InvalidValue(f"classes must be at least 2, not {self.classes}")


@method("supervised", SupervisedSettings)
class Supervised(Method):
    """A linear classifier on each view, and a regression head on each pair of consecutive views."""

    def __init__(self, encoder: Encoder, settings: SupervisedSettings) -> None:
        super().__init__(encoder)
        self.settings = settings
        if settings.target != "action":
            self.latents += (LABEL,)
            self.classes = settings.classes
            self.classifier = nn.Linear(self.dim, settings.classes)
        if settings.target != "class":
            self.latents += actions.columns(settings.action)
            self.regressor = perceptron((2 * self.dim, *settings.hidden, actions.size(settings.action)))

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = CE(c(h^x), class) + w MSE(head([h^x, h^y]), a), over all views and all consecutive views."""
        views, terms = self.represent(images), {}  # (B, K, dim)
        if self.settings.target != "action":
            terms["classification"] = self._classification(views, latents[LABEL])
        if self.settings.target != "class":
            predictions = [self.regressor(torch.cat(pair, dim=1)) for pair in pairwise(views.unbind(1))]
            targets = actions.steps(self.settings.action, latents)
            terms["regression"] = total(
                distance(f, actions.onto(w, f.device)) for f, w in zip(predictions, targets, strict=True)
            )
        weights = {"classification": 1.0, "regression": self.settings.regression}
        return {"loss": total(weights[name] * term for name, term in terms.items()), **terms}

    def _classification(self, views: Tensor, labels: Tensor) -> Tensor:
        logits = self.classifier(views.flatten(0, 1))  # (B * K, classes)
        return nn.functional.cross_entropy(logits, actions.onto(labels.flatten(), logits.device))
