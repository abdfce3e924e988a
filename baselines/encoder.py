"""The encoder that every method trains: normalisation, then a backbone."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from . import backbone as backbones
from .backbone import Stem

MEAN = (0.5016, 0.5037, 0.5060)  # of 3DIEBench's pixels in [0, 1], by channel
STD = (0.1030, 0.0999, 0.0969)


@dataclass(frozen=True)
class EncoderSettings:
    """Which backbone, and its size.

    width : channels relative to the usual; a ResNet-18's representation has 512 * width dimensions
    stem : "imagenet" (stride 4 in all) or "small" (stride 2, for images of 64 pixels or less)
    backbone : "resnet18", "resnet50", "resnet18-vicreg" (that of the released SIE), "vit-small", or "timm:NAME"
    """

    width: float = 1.0
    stem: Stem = "imagenet"
    backbone: str = "resnet18"

    def __post_init__(self) -> None:
        if self.width <= 0 or self.width * 64 != round(self.width * 64):
            raise ValueError(f"width must be a positive multiple of 1/64, not {self.width}")
        backbones.check(self.backbone)


class Normalise(nn.Module):
    """Takes [0, 1] images to zero mean and unit variance by channel; carried with the weights."""

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(MEAN).view(3, 1, 1))
        self.register_buffer("std", torch.tensor(STD).view(3, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) float in [0, 1] -> (B, 3, H, W) float."""
        return (images - self.mean) / self.std


class Encoder(nn.Module):
    """Images to representations.

    dim : size of the representation
    """

    def __init__(self, settings: EncoderSettings) -> None:
        super().__init__()
        self.normalise = Normalise()
        self.backbone = backbones.build(settings.backbone, settings.width, settings.stem)
        self.dim = self.backbone.dim

    @property
    def preprocessing(self) -> str:
        """What it does to images itself, in words."""
        mean, std = (
            [round(float(x), 4) for x in values.flatten()] for values in (self.normalise.mean, self.normalise.std)
        )
        return f"minus mean {mean}, over deviation {std}"

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) float in [0, 1] -> (B, dim) float."""
        representation: Tensor = self.backbone(self.normalise(images))
        return representation
