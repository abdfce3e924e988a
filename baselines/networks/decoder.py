"""A convolutional decoder from an embedding to an image of any size, for methods that predict pixels."""

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from iebench.manifests.errors import InvalidValue

START = 4  # side of the first map


class Block(nn.Module):
    """Group norms, 3x3 convolutions and a shortcut; an image does not see the others: (B, a, s, s) -> (B, b, s, s)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.shortcut = nn.Conv2d(inputs, outputs, 1)
        self.layers = nn.Sequential(
            *(
                layer
                for size in (inputs, outputs)
                for layer in (
                    nn.GroupNorm(math.gcd(8, size), size),
                    nn.ReLU(),
                    nn.Conv2d(size, outputs, 3, padding=1),
                )
            )
        )

    def forward(self, maps: Tensor) -> Tensor:
        """Return the sum of both paths."""
        out: Tensor = self.shortcut(maps) + self.layers(maps)
        return out


class Decoder(nn.Module):
    """(B, E) -> (B, 3, side, side): a linear layer to a map of 4 x 4, then blocks, each on an enlarged map.

    inputs : E
    widths : channels of the first map and after each block; sizes grow by one factor, so the number of weights does not
        depend on the resolution: four blocks double the side four times for 64 pixels
    """

    def __init__(self, inputs: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.first = nn.Linear(inputs, widths[0] * START**2)
        self.blocks = nn.ModuleList(Block(*sizes) for sizes in pairwise(widths))
        self.last = nn.Conv2d(widths[-1], 3, 3, padding=1)

    def forward(self, embedding: Tensor, side: int) -> Tensor:
        """Return images of `side` pixels, of any range."""
        maps = torch.unflatten(self.first(embedding), 1, (-1, START, START))
        for number, block in enumerate(self.blocks, start=1):
            size = round(START * (side / START) ** (number / len(self.blocks)))
            maps = block(nn.functional.interpolate(maps, size=(size, size)))  # nearest: its gradient is deterministic
        images: Tensor = self.last(maps)
        return images


def check_decoder(widths: tuple[int, ...]) -> None:
    """Raise InvalidValue unless there are at least two widths and all are positive."""
    if len(widths) < 2 or min(widths) < 1:
        raise InvalidValue(f"decoder needs at least two widths, all positive, not {widths}")
