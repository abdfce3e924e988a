"""What is measured, per sample; `bootstrap.py` turns samples into values with intervals."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def top_k(logits: NDArray[np.floating[Any]], labels: NDArray[np.int64], k: int) -> Array:
    """Whether the label is among the k highest logits; under ties the probability that a random order puts it there.

    logits : (n, classes); labels : (n,) in [0, classes), or -1 for a class the head does not know (always 0)
    returns : (n,) float64 in [0, 1]
    """
    own = np.take_along_axis(logits, np.maximum(labels, 0)[:, None], axis=1)
    better = (logits > own).sum(1)
    equal = (logits == own).sum(1)
    return np.where(labels >= 0, np.clip((k - better) / equal, 0.0, 1.0), 0.0)


def chance_pose_error(targets: Array, poses: Array, barred: NDArray[np.int64] | None = None) -> float:
    """The expected PRE of a pose retrieved at random.

    targets : (q, 4) poses asked for; poses : (n, 4) poses to find; barred : (q,) the one each may not find
    """
    moment = poses.T @ poses
    total, count = np.einsum("qi,ij,qj->q", targets, moment, targets), len(poses)
    if barred is not None:
        total, count = total - np.einsum("qc,qc->q", targets, poses[barred]) ** 2, count - 1
    return float(1.0 - (total / count).mean())


def best_constant_rotation(quaternions: Array) -> Array:
    """The rotation (4,) with the largest mean <q, q'>^2 to quaternions (n, 4): the top eigenvector of their moments.

    Markley et al. (2007), "Averaging quaternions": free of the quaternions' signs.
    """
    vector: Array = np.linalg.eigh(quaternions.T @ quaternions)[1][:, -1]
    return vector


def nearest_rotation(matrices: Array) -> Array:
    """The rotations nearest to matrices (n, 3, 3) in the Frobenius norm, by singular value decomposition."""
    left, _, right = np.linalg.svd(matrices)
    flip = np.linalg.det(left @ right)  # -1 where the nearest orthogonal matrix is a reflection
    left[..., -1] *= flip[..., None]  # give up along the axis that costs least
    rotations: Array = left @ right
    return rotations
