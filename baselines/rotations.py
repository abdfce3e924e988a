"""Rotation matrices as tensors: from quaternions, from the six numbers of a head, and the nearest to any matrix."""

import torch
from torch import Tensor, nn


def from_quaternion(quaternion: Tensor) -> Tensor:
    """Return the rotation matrices of unit quaternions; both signs of a quaternion give the same matrix.

    quaternion : (..., 4), scalar last
    returns : (..., 3, 3)
    """
    x, y, z, w = quaternion.unbind(-1)
    rows = [
        torch.stack([1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)], dim=-1),
        torch.stack([2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)], dim=-1),
        torch.stack([2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)], dim=-1),
    ]
    return torch.stack(rows, dim=-2)


def from_six(numbers: Tensor) -> Tensor:
    """Return the rotation whose first two columns are two given vectors, made orthonormal by Gram and Schmidt.

    A continuous map onto the rotations, so a network can learn it (Zhou et al. 2019).

    numbers : (..., 6), the two vectors
    returns : (..., 3, 3)
    """
    first, second = torch.unflatten(numbers, -1, (2, 3)).unbind(-2)
    x = nn.functional.normalize(first, dim=-1)
    y = nn.functional.normalize(second - (x * second).sum(-1, keepdim=True) * x, dim=-1)
    return torch.stack([x, y, torch.linalg.cross(x, y)], dim=-1)


def nearest(matrices: Tensor) -> Tensor:
    """Return the rotations nearest to any matrices, by the singular value decomposition (Levinson et al. 2020).

    matrices : (..., 3, 3); returns : (..., 3, 3)
    """
    left, _, right = torch.linalg.svd(matrices)
    sign = torch.linalg.det(left @ right)
    turn: Tensor = torch.cat([left[..., :2], left[..., 2:] * sign[..., None, None]], dim=-1) @ right
    return turn
