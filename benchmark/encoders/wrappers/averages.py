"""Averages over turns of a picture: over a group, or over the frames that the picture itself has.

Puny et al. (2022), "Frame averaging for invariant and equivariant network design", of which the average over a group is
the case in which every element is a frame.
"""

import torch
from torch import Tensor, nn

from .turns import orbit, turned
from .wrap import Wrapped, Wrapping, wrapper


class GroupAverage(nn.Module):
    """Mean of an encoder's representations of a picture in each of `order` turns in its plane, 4 or 8."""

    def __init__(self, model: nn.Module, order: int) -> None:
        super().__init__()
        self.model, self.order = model, order

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, 3, H, H) to (B, D)."""
        return torch.stack([self.model(picture) for picture in orbit(images, self.order)]).mean(0)


class FrameAverage(nn.Module):
    """Mean of an encoder's representations of a picture in its two frames.

    A frame is a turn that lays the principal axis of the picture's contrast along the rows; the axis has two
    directions, hence two frames. A picture turned by any angle has the same frames, up to interpolation and what the
    corners lose.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, 3, H, H) to (B, D)."""
        angles = principal_angles(images)
        frames = (turned(images, -angles), turned(images, torch.pi - angles))
        return torch.stack([self.model(picture) for picture in frames]).mean(0)


def principal_angles(images: Tensor) -> Tensor:
    """Return the direction of the principal axis of pictures, counterclockwise from the rows: (B, 3, H, H) -> (B,).

    The mass of a pixel inside the largest circle is the squared distance of its colour from the circle's mean.
    """
    line = torch.linspace(-1, 1, images.shape[-1], device=images.device, dtype=images.dtype)
    across, up = line[None, :], -line[:, None]
    inside = (across**2 + up**2 <= 1).to(images.dtype)
    mean = (images * inside).sum((2, 3), keepdim=True) / inside.sum()
    mass = ((images - mean) ** 2).sum(1) * inside
    total = mass.sum((1, 2), keepdim=True).clamp_min(1e-12)
    x = across - (mass * across).sum((1, 2), keepdim=True) / total
    y = up - (mass * up).sum((1, 2), keepdim=True) / total
    product, difference = (mass * x * y).sum((1, 2)), (mass * (x**2 - y**2)).sum((1, 2))
    return torch.atan2(2 * product, difference) / 2


@wrapper("c4")
def c4(wrapping: Wrapping) -> Wrapped:
    """Average over the four quarter turns."""
    wrapping.without_rest()
    return Wrapped(GroupAverage(wrapping.encoder.module, 4), "mean over the picture's four quarter turns")


@wrapper("c8")
def c8(wrapping: Wrapping) -> Wrapped:
    """Average over the eight eighth turns."""
    wrapping.without_rest()
    return Wrapped(GroupAverage(wrapping.encoder.module, 8), "mean over the picture's eight eighth turns")


@wrapper("frames")
def frames(wrapping: Wrapping) -> Wrapped:
    """Average over the two frames of the picture's principal axis."""
    wrapping.without_rest()
    return Wrapped(FrameAverage(wrapping.encoder.module), "mean over the two frames of the picture's principal axis")
