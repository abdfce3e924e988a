"""ResNet-18 with group convolutions over quarter turns: a turned picture has the same features in another order.

Cohen and Welling (2016), "Group equivariant convolutional networks". Every filter is applied in four turns; channel
4 c + r of a map is filter c turned by r quarters. A quarter turn of the picture turns the map and moves channel 4 c + r
to 4 c + (r + 1) mod 4, exactly up to rounding: means over pixels replace strides, which on an even side start at one
corner.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..backbone import Backbone, Stem, backbone

TURNS = 4
CHANNELS = 16  # filters of the first stage at width 1; with their turns as many channels as a ResNet has


class TurnedConvolution(nn.Module):
    """Convolution with filters in four turns: (B, inputs * turns, H, W) -> (B, 4 * filters, H, W).

    turns : 1 for pictures, 4 for maps of such a layer
    """

    def __init__(self, inputs: int, filters: int, size: int, turns: int = TURNS) -> None:
        super().__init__()
        self.turns = turns
        self.weight = nn.Parameter(torch.empty(filters, inputs * turns, size, size))
        nn.init.normal_(self.weight, std=math.sqrt(2 / (TURNS * filters * size**2)))  # He et al. (2015), by outputs

    def forward(self, x: Tensor) -> Tensor:
        """Convolve with all turns of all filters, the size kept."""
        return functional.conv2d(x, self.bank(), padding=self.weight.shape[-1] // 2)

    def bank(self) -> Tensor:
        """Return the filters in all turns: (4 * filters, inputs * turns, size, size)."""
        filters = torch.unflatten(self.weight, 1, (-1, self.turns))
        turned = [torch.rot90(filters, turn, (3, 4)).roll(turn, 2) for turn in range(TURNS)]
        return torch.stack(turned, dim=1).flatten(2, 3).flatten(0, 1)


class TurnedNorm(nn.Module):
    """Batch norm with one mean, deviation, scale and offset for all turns of a filter."""

    def __init__(self, filters: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(filters)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 4 * filters, H, W) -> the same shape."""
        batch, channels, height, width = x.shape
        output: Tensor = self.norm(x.reshape(batch, channels // TURNS, TURNS * height, width))
        return output.reshape(x.shape)


class TurnedBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut, behind a mean over pixels if the map is halved."""

    def __init__(self, inputs: int, filters: int, halve: bool) -> None:
        super().__init__()
        self.halve = halve
        self.conv1, self.norm1 = TurnedConvolution(inputs, filters, 3), TurnedNorm(filters)
        self.conv2, self.norm2 = TurnedConvolution(filters, filters, 3), TurnedNorm(filters)
        nn.init.zeros_(self.norm2.norm.weight)  # the block starts as its shortcut
        self.shortcut = (
            nn.Identity()
            if inputs == filters
            else nn.Sequential(TurnedConvolution(inputs, filters, 1), TurnedNorm(filters))
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, 4 * inputs, H, W) -> (B, 4 * filters, H, W), or half the size."""
        x = halved(x) if self.halve else x
        y = functional.relu(self.norm1(self.conv1(x)))
        return functional.relu(self.norm2(self.conv2(y)) + self.shortcut(x))


class TurnedResNet(Backbone):
    """Maps images to representations by four stages of two blocks and a mean over the last map.

    width : factor of every channel count; the output has dim = 512 * width
    stem : "imagenet": filters of 7x7 pixels, and two halvings; "small": 3x3 and one; "cifar": 3x3 and none
    """

    def __init__(self, width: float, stem: Stem) -> None:
        super().__init__()
        filters = [round(CHANNELS * width * 2**stage) for stage in range(4)]
        self.channels = tuple(TURNS * count for count in filters)
        self.dim = self.channels[-1]
        self.halvings = {"imagenet": 2, "small": 1, "cifar": 0}[stem]
        self.conv = TurnedConvolution(3, filters[0], 7 if stem == "imagenet" else 3, turns=1)
        self.norm = TurnedNorm(filters[0])
        self.stages = nn.ModuleList(
            nn.Sequential(TurnedBlock(inputs, count, halve=stage > 0), TurnedBlock(count, count, halve=False))
            for stage, (inputs, count) in enumerate(zip([filters[0], *filters], filters, strict=False))
        )

    def forward(self, x: Tensor, stages: tuple[int, ...] = ()) -> Tensor | tuple[Tensor, ...]:
        """(B, 3, H, W) normalised images -> (B, dim) representations, with maps beside it; see `Backbone`."""
        x = functional.relu(self.norm(self.conv(x)))
        for _ in range(self.halvings):
            x = halved(x)
        maps = {}
        for number, stage in enumerate(self.stages, start=1):
            maps[number] = x = stage(x)
        representation = x.mean((2, 3))
        return (representation, *(maps[number] for number in stages)) if stages else representation


def halved(x: Tensor) -> Tensor:
    """Return means over pixels at half the size, the same before and after a quarter turn: of 2x2, of odd sides 3x3."""
    if x.shape[2] % 2 or x.shape[3] % 2:
        return functional.avg_pool2d(x, 3, 2, padding=1, count_include_pad=False)
    return functional.avg_pool2d(x, 2)


@backbone("resnet18-c4")
def resnet18_c4(width: float = 1.0, stem: Stem = "imagenet") -> TurnedResNet:
    """ResNet-18 over quarter turns: 2.8 M parameters at width 1."""
    return TurnedResNet(width, stem)
