"""Turns of pictures in their plane: by quarters exactly, by other angles interpolated."""

import math

import torch
from torch import Tensor
from torch.nn import functional

QUARTER = math.pi / 2


def quarters(images: Tensor, count: int) -> Tensor:
    """Turn pictures counterclockwise by quarters of a turn, pixel by pixel: (B, C, H, H) -> (B, C, H, H)."""
    return torch.rot90(images, count % 4, (2, 3))


def turned(images: Tensor, angles: Tensor) -> Tensor:
    """Turn pictures counterclockwise about their centre, interpolated bilinearly; edges continue beyond the picture.

    images : (B, C, H, H); angles : (B,) radians
    """
    cos, sin, zero = angles.cos(), angles.sin(), torch.zeros_like(angles)
    rows = [torch.stack([cos, -sin, zero], -1), torch.stack([sin, cos, zero], -1)]
    grid = functional.affine_grid(torch.stack(rows, 1).to(images.dtype), list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, padding_mode="border", align_corners=False)


def orbit(images: Tensor, order: int) -> list[Tensor]:
    """Return pictures in each of `order` turns, 4 or 8, by 0, 1, .. of 360 / order degrees counterclockwise.

    Quarter turns are exact, so that the orbits of a picture and of its quarter turn have the same pictures; an eighth
    turn is interpolated once.
    """
    if order == 4:
        return [quarters(images, count) for count in range(4)]
    eighth = turned(images, torch.full((len(images),), QUARTER / 2, device=images.device))
    return [quarters(base, count) for count in range(4) for base in (images, eighth)]
