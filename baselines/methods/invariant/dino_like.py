"""Similar to DINO: a target network's sharp distribution over prototypes is predicted (Caron et al., ICCV 2021).

Its defaults are those of the repository facebookresearch/dino. Three parts of DINO are left out: the crops at two
scales, the schedule of weight decay and the frozen first epoch. The views are those of the dataset.

iebench train --method dino-like
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from iebench.manifests.errors import InvalidValue

from ...action import Latents
from ...gather import gather
from ...losses import check_temperature, cross_entropies, no_autocast, precise
from ...method import Method, method
from ...networks.encoder import Encoder
from ...networks.projector import check_widths
from ...networks.target import Target, check_momentum, momentum


@dataclass(frozen=True)
class DINOLikeSettings:
    """Defaults of the repository facebookresearch/dino.

    projector : widths of the projector's layers, before the prototypes
    prototypes : number of prototypes
    temperature : of the predicted distribution
    target_temperature : of the target network's distribution
    memory : weight of earlier batches in the moving centre, which is subtracted from the target's logits
    momentum : initial momentum of the target network; it rises to 1 by a cosine over the steps of the run
    """

    projector: tuple[int, ...] = (2048, 2048, 256)
    prototypes: int = 65536
    temperature: float = 0.1
    target_temperature: float = 0.04
    memory: float = 0.9
    momentum: float = 0.996

    def __post_init__(self) -> None:
        check_widths(self.projector)
        check_temperature(self.temperature)
        check_momentum(self.momentum)
        if self.prototypes < 2:
            raise InvalidValue(f"prototypes must be at least 2, not {self.prototypes}")
        if not self.target_temperature > 0:
            raise InvalidValue(f"target_temperature must be above 0, not {self.target_temperature}")
        if not 0 <= self.memory < 1:
            raise InvalidValue(f"memory must be at least 0 and below 1, not {self.memory}")


class Prototypes(nn.Module):
    """An MLP with GELU between its layers, and the cosines of its output with prototypes."""

    def __init__(self, sizes: tuple[int, ...], prototypes: int) -> None:
        super().__init__()
        layers = [layer for pair in pairwise(sizes) for layer in (nn.Linear(*pair), nn.GELU())]
        self.layers = nn.Sequential(*layers[:-1])
        self.prototypes = nn.Parameter(torch.randn(prototypes, sizes[-1]) / sizes[-1] ** 0.5)

    def forward(self, representation: Tensor) -> Tensor:
        """(B, dim) -> (B, prototypes), in [-1, 1]."""
        embedding = nn.functional.normalize(self.layers(representation), dim=1)
        return embedding @ nn.functional.normalize(self.prototypes, dim=1).T


@method("dino-like", DINOLikeSettings)
class DINOLike(Method):
    """A head of prototypes on the whole representation, a target of encoder and head, and a centre of its logits.

    centre : (prototypes,), the moving mean of the target's logits; next_centre : that after the current step
    """

    scheduled = True
    centre: Tensor
    next_centre: Tensor

    def __init__(self, encoder: Encoder, settings: DINOLikeSettings) -> None:
        super().__init__(encoder)
        self.settings = settings
        self.head = Prototypes((self.dim, *settings.projector), settings.prototypes)
        self.target = Target(self.encoder, self.head)
        self.register_buffer("centre", torch.zeros(settings.prototypes))
        self.register_buffer("next_centre", torch.zeros(settings.prototypes), persistent=False)

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = CE(softmax((t(y) - c) / tau_t), softmax(s(x) / tau)), mean of x to y and y to x (eq. 1 and 2).

        Summed over consecutive views. The centre c is that of earlier batches.
        """
        logits = [precise(view) / self.settings.temperature for view in self.by_view(self.head, self.represent(images))]
        goals = [precise(view) for view in self.by_view(self.target, images)]  # K of (B, prototypes)
        mean = gather(torch.stack(goals, dim=1)).mean(dim=(0, 1)).to(self.centre.dtype)
        self.next_centre = torch.lerp(mean, self.centre, self.settings.memory)
        with no_autocast(images.device):
            shares = [((view - self.centre) / self.settings.target_temperature).softmax(dim=1) for view in goals]
            return cross_entropies(logits, shares)

    def after_step(self, step: int, steps: int) -> None:
        """Remember the batch's centre and move the target network."""
        self.centre.copy_(self.next_centre)
        self.target.follow(self.encoder, self.head, momentum=momentum(self.settings.momentum, step, steps))
