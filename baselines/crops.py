"""Square crops of images at positions of a low-discrepancy sequence: a pure function of their number in a run."""

import torch
from torch import Tensor, nn

STEPS = (0.8191725133961645, 0.6710436067037893, 0.5497004779019703)
"""1 / g, 1 / g^2, 1 / g^3 with g^4 = g + 1: multiples of these, modulo 1, fill the unit cube evenly (Roberts 2018)."""


def sequence(numbers: Tensor, start: Tensor) -> Tensor:
    """Return points of the unit cube: numbers (B,) of the points, start (3,) of the sequence -> (B, 3) float64."""
    steps = torch.tensor(STEPS, dtype=torch.float64, device=numbers.device)
    return (start.double() + numbers.double()[:, None] * steps) % 1


def crops(images: Tensor, points: Tensor, areas: tuple[float, float], side: int) -> Tensor:
    """Cut a square out of each image and scale it, by linear interpolation.

    images : (B, 3, H, W)
    points : (B, 3) in [0, 1): relative area, and relative position in both directions
    areas : smallest and largest area of a crop, as fractions of the image
    side : side of the result in pixels
    returns : (B, 3, side, side)
    """
    scale = (areas[0] + (areas[1] - areas[0]) * points[:, 0]).sqrt()
    shift = (1 - scale)[:, None] * (2 * points[:, 1:] - 1)  # in halves of the image, from its centre
    matrix = torch.cat([torch.diag_embed(scale[:, None].expand(-1, 2)), shift[:, :, None]], dim=2).to(images.dtype)
    grid = nn.functional.affine_grid(matrix, [len(images), 3, side, side], align_corners=False)
    return nn.functional.grid_sample(images, grid, padding_mode="border", align_corners=False)
