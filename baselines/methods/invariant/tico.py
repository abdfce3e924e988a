"""TiCo: embeddings agree with a target network and avoid the directions of past batches (Zhu et al. 2022).

The directions are those of an exponential moving average of the covariance of embeddings. The defaults are the paper's;
its optimizer, batch and length could not be checked, so no preset has them: train it with `--preset fair`.

iebench train --method tico
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from iebench.manifests.errors import InvalidValue

from ...action import Latents
from ...gather import gather
from ...losses import no_autocast, precise, total
from ...method import Method, method
from ...networks.encoder import Encoder
from ...networks.projector import check_widths, projector
from ...networks.target import Target, check_momentum, momentum


@dataclass(frozen=True)
class TiCoSettings:
    """Defaults of the paper.

    projector : widths of the projector's layers
    memory : weight beta of the covariance of earlier batches
    contrast : weight rho of the mean of <z, C z>
    momentum : initial momentum of the target network; it rises to 1 by a cosine over the steps of the run
    """

    projector: tuple[int, ...] = (4096, 256)
    memory: float = 0.9
    contrast: float = 8.0
    momentum: float = 0.99

    def __post_init__(self) -> None:
        check_widths(self.projector)
        check_momentum(self.momentum)
        if not 0 <= self.memory < 1:
            raise InvalidValue(f"memory must be at least 0 and below 1, not {self.memory}")


@method("tico", TiCoSettings)
class TiCo(Method):
    """A projector on the whole representation, a target of encoder and projector, and a covariance of past batches.

    past : (E, E), C of the step before; now : C of the batch whose step is being taken
    """

    scheduled = True
    past: Tensor
    now: Tensor

    def __init__(self, encoder: Encoder, settings: TiCoSettings) -> None:
        super().__init__(encoder)
        self.settings = settings
        size = settings.projector[-1]
        self.projector = projector((self.dim, *settings.projector))
        self.target = Target(self.encoder, self.projector)
        self.register_buffer("past", torch.zeros(size, size))
        self.register_buffer("now", torch.zeros(size, size), persistent=False)

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = mean(-<z^x, t^y> + rho <z^x, C z^x>), C = beta C_past + (1 - beta) mean(z z^T), of consecutive views."""
        unit = [self._unit(view) for view in self.by_view(self.projector, self.represent(images))]  # K of (B, E)
        goals = [self._unit(view) for view in self.by_view(self.target, images)]
        with no_autocast(images.device):
            batch = [z.T @ z / len(z) for z in unit[:-1]]  # K - 1 of (E, E); the gradient passes through them
            matrix = self.settings.memory * self.past + (1 - self.settings.memory) * torch.stack(batch).mean(dim=0)
        self.now = matrix.detach()
        terms = {
            "agreement": -total((x * t).sum(dim=1).mean() for x, t in zip(unit[:-1], goals[1:], strict=True)),
            "contrast": total((matrix * own).sum() for own in batch),  # the mean of z C z over the batch
        }
        return {"loss": terms["agreement"] + self.settings.contrast * terms["contrast"], **terms}

    def after_step(self, step: int, steps: int) -> None:
        """Remember the batch's covariance and move the target network."""
        self.past.copy_(self.now)
        self.target.follow(self.encoder, self.projector, momentum=momentum(self.settings.momentum, step, steps))

    def _unit(self, embedding: Tensor) -> Tensor:
        return nn.functional.normalize(gather(precise(embedding)), dim=1)
