"""Metrics per sample; `bootstrap.py` turns samples into values with intervals."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def top_k(logits: NDArray[np.floating[Any]], labels: NDArray[np.int64], k: int) -> Array:
    """1 if the label is among the k highest logits, else 0; with ties the probability of that under a random order.

    logits : (n, classes); labels : (n,) in [0, classes), or -1 for a class unknown to the head (result 0)
    returns : (n,) float64 in [0, 1]
    """
    own = np.take_along_axis(logits, np.maximum(labels, 0)[:, None], axis=1)
    better = (logits > own).sum(1)
    equal = (logits == own).sum(1)
    return np.where(labels >= 0, np.clip((k - better) / equal, 0.0, 1.0), 0.0)


def chance_pose_error(targets: Array, poses: Array, barred: NDArray[np.int64] | None = None) -> float:
    """Expected PRE of a pose retrieved at random.

    targets : (q, 4) poses of the queries; poses : (n, 4) poses of the gallery
    barred : (q,) row that is not a candidate
    """
    moment = poses.T @ poses
    total, count = np.einsum("qi,ij,qj->q", targets, moment, targets), len(poses)
    if barred is not None:
        total, count = total - np.einsum("qc,qc->q", targets, poses[barred]) ** 2, count - 1
    return float(1.0 - (total / count).mean())


def best_constant_rotation(quaternions: Array) -> Array:
    """Rotation (4,) with the largest mean <q, q'>^2 to quaternions (n, 4): the top eigenvector of their second moments.

    Markley et al. (2007), "Averaging quaternions": independent of the quaternions' signs.
    """
    vector: Array = np.linalg.eigh(quaternions.T @ quaternions)[1][:, -1]
    return vector


def nearest_rotation(matrices: Array) -> Array:
    """Project matrices (n, 3, 3) to the nearest rotations in the Frobenius norm, by singular value decomposition."""
    left, _, right = np.linalg.svd(matrices)
    flip = np.linalg.det(left @ right)  # -1 if the nearest orthogonal matrix is a reflection
    left[..., -1] *= flip[..., None]  # flip the axis with the smallest singular value
    rotations: Array = left @ right
    return rotations
