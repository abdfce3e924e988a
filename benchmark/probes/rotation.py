"""Rotation: an MLP on two views' features regresses the rotation between them (Garrido et al. 2023, section 5).

As "matrix" the target is the nine entries of R12, and the answer is the rotation nearest to the nine numbers that the
head gives (Levinson et al. 2020, "An analysis of SVD for deep rotation estimation"). A rotation has one matrix, which
moves continuously with it; quaternions have two, and picking one of them makes a jump somewhere.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from iebench.baselines.action import ROTATION
from iebench.manifests.conventions import geodesic_degrees, pose, relative_quaternion

from ..bootstrap import Mean, Measured, Median, Statistic
from ..metrics import best_constant_rotation, nearest_rotation
from .context import Context, Rows, Split
from .heads import Answers, Task, head
from .regression import both_r2
from .stack import squares

Array = NDArray[np.float64]
NEAR = (15, 30)  # degrees


@head("rotation")
def rotation(context: Context) -> Task | None:
    """Both R2s, and the angle to the true rotation: its mean and median, and how often it is small.

    Floors: the train pairs' mean target for R2, their best constant rotation for the angle. Ceilings: the oracle's.
    """
    if not context.train.has(ROTATION):
        return None
    as_matrix = context.protocol.rotation == "matrix"
    target = matrices if as_matrix else quaternions
    pairs = context.train.pairs_of(context.learners, context.train.pairs.shape[1])[0]
    mean, still = target(context.train, pairs).mean(0), best_constant_rotation(quaternions(context.train, pairs))
    measure_one = context.bootstrap.measure

    def measure(found: Answers) -> dict[str, Measured]:
        objects, wanted, truth = found.objects, target(context.val, found.rows), quaternions(context.val, found.rows)
        angles = [geodesic_degrees(truth, _quaternion(one) if as_matrix else one) for one in found.outputs]
        constant = geodesic_degrees(truth, np.broadcast_to(still, truth.shape))
        values = both_r2(context.bootstrap, "rotation", wanted, found.outputs, objects, mean, None)
        statistics: dict[str, type[Mean] | type[Median]] = {"mean": Mean, "median": Median}
        for name, kind in statistics.items():
            heads: list[Statistic] = [kind.of(angle, objects) for angle in angles]
            values[f"rotation_degrees_{name}"] = measure_one(heads, kind.of(constant, objects))
        for near in NEAR:
            hits: list[Statistic] = [Mean.of((angle <= near).astype(np.float64), objects) for angle in angles]
            floor = Mean.of((constant <= near).astype(np.float64), objects)
            values[f"rotation_within_{near}"] = measure_one(hits, floor)
        return values

    outputs = 9 if as_matrix else 4
    return Task("rotation", 2, outputs, lambda split, rows: target(split, rows).astype(np.float32), squares, measure)


def quaternions(split: Split, rows: Rows) -> Array:
    """The relative quaternions of pairs of rows (..., 2), signs as released: (..., 4)."""
    angles = split.columns(ROTATION, rows.reshape(-1, 2))
    return relative_quaternion(angles[:, 0], angles[:, 1], as_released=True).reshape(*rows.shape[:-1], 4)


def matrices(split: Split, rows: Rows) -> Array:
    """The relative rotations R12 = R1^-1 R2 of pairs of rows (..., 2) as rows of nine entries: (..., 9)."""
    first, second = (pose(angles).as_matrix() for angles in split.columns(ROTATION, rows.reshape(-1, 2)).swapaxes(0, 1))
    relative: Array = np.einsum("nki,nkj->nij", first, second)  # the inverse of a rotation is its transpose
    return relative.reshape(*rows.shape[:-1], 9)


def _quaternion(entries: Array) -> Array:
    """The quaternions (k, 4) of the rotations nearest to nine numbers each (k, 9)."""
    return Rotation.from_matrix(nearest_rotation(entries.reshape(-1, 3, 3))).as_quat()
