"""A target network that slowly follows another one, as in BYOL (Grill et al., NeurIPS 2020)."""

import copy
import math
from typing import Any

import torch
from torch import Tensor, nn

from iebench.manifests.errors import InvalidValue


class Target(nn.Module):
    """A copy of consecutive modules without gradients; `follow` moves it towards the originals.

    Its parameters are an exponential moving average of theirs; its batch norms keep their own statistics.
    """

    def __init__(self, *modules: nn.Module) -> None:
        super().__init__()
        self.network = nn.Sequential(*copy.deepcopy(modules)).requires_grad_(False)

    @torch.no_grad()
    def forward(self, inputs: Tensor) -> Tensor:
        """Return the output of the copy."""
        out: Tensor = self.network(inputs)
        return out

    @torch.no_grad()
    def maps(self, images: Tensor, stages: tuple[int, ...]) -> tuple[Tensor, ...]:
        """Return maps (B, C, h, w) after some stages of a copy of an encoder whose backbone gives maps."""
        encoder: Any = self.network[0]
        outputs: tuple[Tensor, ...] = encoder.with_maps(images, stages)
        return outputs[1:]

    @torch.no_grad()
    def follow(self, *modules: nn.Module, momentum: float) -> None:
        """Set parameters to momentum * parameters + (1 - momentum) * parameters of `modules`."""
        online = [parameter for module in modules for parameter in module.parameters()]
        for target, source in zip(self.network.parameters(), online, strict=True):
            target.lerp_(source, 1 - momentum)


def momentum(base: float, step: int, steps: int) -> float:
    """Return the momentum after step `step` of `steps`, counted from 1: a cosine from `base` to 1 (Grill et al. 2020).

    >>> [round(momentum(0.9, step, 5), 3) for step in (1, 3, 5)]
    [0.9, 0.935, 0.99]
    """
    return 1 - (1 - base) * (math.cos(math.pi * (step - 1) / steps) + 1) / 2


def check_momentum(value: float) -> None:
    """Raise InvalidValue unless the momentum lies in [0, 1]."""
    if not 0 <= value <= 1:
        raise InvalidValue(f"momentum must be between 0 and 1, not {value}")
