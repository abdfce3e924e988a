"""AugSelf: SimCLR that also regresses the action between two views (Lee et al., NeurIPS 2021).

The regression head reads the representations, so they must keep information that SimCLR alone would discard. Follows
SimCLRAugSelf of facebookresearch/SIE.

iebench train --method augself
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from .. import action as actions
from ..action import Latents
from ..equivariant import ActionSettings, LayerSettings
from ..losses import distance, nt_xent, total
from ..method import Method, method
from ..networks.encoder import Encoder
from ..networks.projector import check_widths, perceptron, projector
from .simclr import SimCLRSettings


@dataclass(frozen=True)
class AugSelfSettings(LayerSettings, ActionSettings, SimCLRSettings):
    """Defaults of the repository facebookresearch/SIE; the settings behind the paper's row are not known.

    hidden : widths of the regression head between the two representations and the action
    regression : weight w of the regression
    """

    hidden: tuple[int, ...] = (1024, 1024)
    regression: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_widths(self.hidden, "hidden")


@method("augself", AugSelfSettings)
class AugSelf(Method):
    """SimCLR's projector, and a regression head on the representations of two views."""

    def __init__(self, encoder: Encoder, settings: AugSelfSettings) -> None:
        super().__init__(encoder)
        self.settings = settings
        self.latents = actions.columns(settings.action)
        self.columns = self.branch(settings.equivariant_layer)
        self.projector = projector((self.dim, *settings.projector), settings.projector_norm)
        width = self.columns.stop - self.columns.start
        self.regressor = perceptron((2 * width, *settings.hidden, actions.size(settings.action)))

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = NT-Xent(e^x, e^y) + w MSE(head([h^x, h^y]), a), summed over consecutive views."""
        views = self.represent(images)  # (B, K, dim + beside)
        embedding = self.by_view(self.projector, views[..., : self.dim])  # K of (B, E)
        # K - 1 of (B, actions)
        predictions = [self.regressor(torch.cat(pair, dim=1)) for pair in pairwise(views[..., self.columns].unbind(1))]
        targets = actions.steps(self.settings.action, latents)
        terms = {
            "contrast": total(nt_xent(x, y, self.settings.temperature) for x, y in pairwise(embedding)),
            "regression": total(
                distance(f, actions.onto(w, f.device)) for f, w in zip(predictions, targets, strict=True)
            ),
        }
        return {"loss": terms["contrast"] + self.settings.regression * terms["regression"], **terms}
