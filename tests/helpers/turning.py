"""Poses as matrices, and Wigner matrices of degrees 0 to 2 by least squares on harmonics of rotated points."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from torch import Tensor

from iebench.baselines.action import ROTATION

Array = NDArray[np.float64]
SIZES = (1, 3, 5)  # dimensions of the degrees


def world(latents: Mapping[str, Tensor]) -> Array:
    """Return the poses of all views: (B, K) of each angle -> (B, K, 3, 3)."""
    angles = np.stack([latents[name].numpy() for name in ROTATION], -1)
    return Rotation.from_euler("xyz", angles.reshape(-1, 3)).as_matrix().reshape(*angles.shape, 3)


def restated_matrix(turn: Array) -> Array:
    """Return diag(D_0, D_1, D_2) of a rotation (3, 3): (9, 9)."""
    points = np.random.default_rng(0).normal(size=(40, 3))

    def harmonics(x: Array, y: Array, z: Array) -> list[Array]:
        third = np.sqrt(3)
        second = [third * x * y, third * y * z, (2 * z * z - x * x - y * y) / 2, third * x * z]
        return [np.ones((1, 40)), np.stack([y, z, x]), np.stack([*second, third * (x * x - y * y) / 2])]

    moved, still = harmonics(*(turn @ points.T)), harmonics(*points.T)
    matrix, start = np.zeros((9, 9)), 0
    for after, before in zip(moved, still, strict=True):
        end = start + len(before)
        matrix[start:end, start:end] = after @ np.linalg.pinv(before)
        start = end
    return matrix
