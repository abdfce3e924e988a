"""E-SSL: a contrast, and a head that predicts the number of quarter turns of a crop (Dangovski et al., ICLR 2022).

The rotations are in the plane of the image. So the representation learns the orientation in the image, and not the pose
in space; the method for the pose in space is AugSelf. Crops of the first view have half the resolution.

iebench train --method essl
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from iebench.manifests.errors import InvalidValue

from ...action import Latents
from ...crops import crops, sequence
from ...gather import gather, rows
from ...losses import check_temperature, no_autocast, precise, total
from ...method import Method, method
from ...networks.encoder import Encoder
from ...networks.projector import check_fraction, check_widths, projector

TURNS = 4  # by 0, 90, 180 and 270 degrees


@dataclass(frozen=True)
class ESSLSettings:
    """Defaults of the repository rdangovs/essl for CIFAR-10; it has a temperature of 0.2 for ImageNet.

    projector : widths of the projector's layers; the last ends in a batch norm without scale
    hidden : widths of the hidden layers of the head, each with a layer norm
    temperature : tau of the contrast
    turn : weight lambda of the head's cross-entropy
    crop : smallest and largest area of a crop, as fractions of the image
    size : side of a crop after scaling, relative to the image
    """

    projector: tuple[int, ...] = (2048, 2048)
    hidden: tuple[int, ...] = (2048, 2048)
    temperature: float = 0.5
    turn: float = 0.4
    crop: tuple[float, float] = (0.2, 1.0)
    size: float = 0.5

    def __post_init__(self) -> None:
        check_widths(self.projector)
        check_widths(self.hidden, "hidden")
        check_temperature(self.temperature)
        check_fraction(self.size, "size")
        if not 0 < self.crop[0] <= self.crop[1] <= 1:
            raise InvalidValue(f"crop needs two areas above 0 and at most 1, the smaller first, not {self.crop}")


@method("essl", ESSLSettings)
class ESSL(Method):
    """A projector for the contrast, and a head on the representations of the turned crops.

    start : (3,), a random point from which the sequence of crops begins; done : steps done, so that crops differ
    """

    start: Tensor
    done: Tensor

    def __init__(self, encoder: Encoder, settings: ESSLSettings) -> None:
        super().__init__(encoder)
        self.settings = settings
        self.projector = projector((self.dim, *settings.projector), norm=True)
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise((self.dim, *settings.hidden)):
            layers += [nn.Linear(inputs, outputs), nn.LayerNorm(outputs), nn.ReLU()]
        self.head = nn.Sequential(*layers, nn.Linear(settings.hidden[-1], TURNS))
        self.register_buffer("start", torch.rand(3, dtype=torch.float64))
        self.register_buffer("done", torch.zeros((), dtype=torch.int64))

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = InfoNCE(e^x, e^y) + lambda CE(head(h(turned crop)), turn), the contrast over consecutive views."""
        embedding = self.by_view(self.projector, self.represent(images))  # K of (B, E)
        turned = self.turned(images[:, 0])  # (B, 4, 3, h, w)
        logits = self.head(self.encoder(turned.flatten(0, 1)))  # one pass: norms see all turns, as in the released code
        labels = torch.arange(TURNS, device=images.device).repeat(len(images))
        terms = {
            "contrast": total(info_nce(x, y, self.settings.temperature) for x, y in pairwise(embedding)),
            "turn": nn.functional.cross_entropy(precise(logits), labels),
        }
        return {"loss": terms["contrast"] + self.settings.turn * terms["turn"], **terms}

    def turned(self, images: Tensor) -> Tensor:
        """Return a crop of each image in its four turns: (B, 3, H, W) -> (B, 4, 3, h, h)."""
        mine, batch = rows(len(images), images.device)
        points = sequence(self.done * batch + mine, self.start)
        side = max(1, round(self.settings.size * images.shape[-1]))
        crop = crops(images, points, self.settings.crop, side)
        return torch.stack([torch.rot90(crop, turn, (2, 3)) for turn in range(TURNS)], dim=1)

    def after_step(self, step: int, steps: int) -> None:
        """Count the step, so that the next one has other crops."""
        self.done.fill_(step)


def info_nce(left: Tensor, right: Tensor, temperature: float) -> Tensor:
    """Cross-entropy of identifying each embedding's partner among the other view's, mean over both directions.

    Unlike in NT-Xent, embeddings of the same view are not candidates. left, right : (B, E)
    """
    first, second = (nn.functional.normalize(gather(precise(side)), dim=1) for side in (left, right))
    with no_autocast(left.device):
        similarity = first @ second.T / temperature
    partner = torch.arange(len(first), device=left.device)
    return (nn.functional.cross_entropy(similarity, partner) + nn.functional.cross_entropy(similarity.T, partner)) / 2
