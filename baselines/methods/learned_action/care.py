"""CARE: a change of pose shared by a chunk of objects keeps the angles of their embeddings (Gupta et al., ICLR 2024).

If the objects of a chunk move together, one rotation of the sphere of embeddings can follow all of them, and their Gram
matrix does not change. The loss needs neither a predictor nor labels of the action. It needs views in which all objects
have the same pose, floor and light; else the differences of colour would have to cancel too. In such images the floor's
hue reveals the pose, so use them for training only, and score on another dataset.

iebench train --method care
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from iebench.manifests.errors import InvalidValue

from ...action import Latents
from ...losses import check_temperature, no_autocast, nt_xent, precise, total
from ...method import Method, Needs, method
from ...networks.encoder import Encoder
from ...networks.projector import check_widths, projector


@dataclass(frozen=True)
class CARESettings:
    """Defaults of the script of Sharut/CARE for CIFAR-10: 16 chunks of 256 images.

    projector : widths of the projector's layers
    temperature : tau of NT-Xent
    chunk : number n of objects that share their views; the paper sets the number of chunks in a batch
    equivariance : weight lambda of the difference of Gram matrices; the term grows with n
    """

    projector: tuple[int, ...] = (512, 128)
    temperature: float = 0.5
    chunk: int = 16
    equivariance: float = 0.03

    def __post_init__(self) -> None:
        check_widths(self.projector)
        check_temperature(self.temperature)
        if self.chunk < 2:
            raise InvalidValue(f"chunk compares objects with one another: it must be at least 2, not {self.chunk}")


@method("care", CARESettings)
class CARE(Method):
    """One projector on the whole representation."""

    @classmethod
    def needs(cls, settings: CARESettings) -> Needs:
        """Return chunks of objects that show the same views."""
        return Needs(group=settings.chunk, pictures=("shared poses", "shared appearance"))

    def __init__(self, encoder: Encoder, settings: CARESettings) -> None:
        super().__init__(encoder)
        self.settings = settings
        self.projector = projector((self.dim, *settings.projector))

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = NT-Xent(e^x, e^y) + lambda mean over chunks of 2 / n sum_i sum_(j != i) (G^x_ij - G^y_ij)^2.

        Over consecutive views; G is the Gram matrix of a chunk's unit embeddings.
        """
        embedding = self.by_view(self.projector, self.represent(images))  # K of (B, E)
        terms = {
            "contrast": total(nt_xent(x, y, self.settings.temperature) for x, y in pairwise(embedding)),
            "equivariance": total(gram_distance(x, y, self.settings.chunk) for x, y in pairwise(embedding)),
        }
        return {"loss": terms["contrast"] + self.settings.equivariance * terms["equivariance"], **terms}


def gram_distance(left: Tensor, right: Tensor, chunk: int) -> Tensor:
    """Twice the squared difference of the cosines of different objects, summed over one of them, mean over the other.

    A mean over chunks, and a chunk lies in one rank's share, so the mean over ranks is that of one process.

    left, right : (B, E), B a multiple of `chunk`
    """
    sides = (nn.functional.normalize(torch.unflatten(precise(side), 0, (-1, chunk)), dim=2) for side in (left, right))
    with no_autocast(left.device):
        first, second = (side @ side.mT for side in sides)  # (chunks, n, n), with a diagonal of ones
    return 2 * (first - second).square().sum(dim=2).mean()
