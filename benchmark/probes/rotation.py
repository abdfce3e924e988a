"""Rotation: heads on two views' features regress the rotation between them (Garrido et al. 2023, section 5), and heads
on one view's features its pose.

With "matrix" the target is the nine entries of R12, and the prediction is the rotation nearest to the head's nine
outputs (Levinson et al. 2020, "An analysis of SVD for deep rotation estimation"). A rotation has one matrix, which
depends on it continuously. It has two quaternions, and any choice of one of them is discontinuous somewhere.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from iebench.baselines.action import ROTATION
from iebench.manifests.conventions import geodesic_degrees, pose, pose_quaternion, relative_quaternion

from ..fitting.context import Context, Rows, Split
from ..fitting.heads import Predictions, Task, seen
from ..fitting.regression import both_r2, left_out
from ..fitting.stack import squares
from ..metrics.rotation import NEAR
from ..statistics.bootstrap import Estimate, Mean, Median, Statistic
from ..statistics.explained import varying
from ..statistics.metrics import best_constant_rotation, nearest_rotation

Array = NDArray[np.float64]


def rotation(context: Context) -> Task | None:
    """Rotation of the second view relative to the first: R12."""
    return task(context, "rotation", 2) if context.shows(ROTATION) else None


def absolute(context: Context) -> Task | None:
    """Rotation of one view: R, from the object's own axes to the world's."""
    return task(context, "pose", 1) if context.shows(ROTATION) else None


def task(context: Context, name: str, views: int) -> Task | None:
    """Make a task with both R2s, mean and median of the angle to the true rotation, and the fractions of small angles.

    None if no component varies in both splits.

    Floors: the mean target of train views for R2, their best constant rotation for the angle. The ceiling of R2 is that
    of the oracle, whose prediction has the smallest squared error. The angle has no ceiling: the oracle predicts a
    rotation between the poses that look alike, while a guess at one of them is more often close to the truth.
    """
    as_matrix = context.protocol.rotation == "matrix"
    target = matrices if as_matrix else quaternions
    rows = seen(context, views)
    shown = target(context.train, rows)
    val_rows = context.val.evaluation_rows(views, context.protocol.val_views == "all")[0]
    kept = varying(shown, target(context.val, val_rows))
    if not len(kept):
        context.notes.append(f"{name} is not measured: its target is constant")
        return None
    context.notes.extend(left_out(f"{name}_r2_mean", kept, shown.shape[1]))
    mean, still = shown.mean(0), best_constant_rotation(quaternions(context.train, rows))

    def measure(predictions: Predictions) -> dict[str, Estimate]:
        objects, best = predictions.objects, _oracle(context, predictions.rows)
        values = both_r2(
            context.bootstrap, name, target(context.val, predictions.rows), predictions.outputs, objects, mean,
            best if as_matrix else None, kept,
        )  # fmt: skip
        turned = [quaternion(output) if as_matrix else output for output in predictions.outputs]
        degrees, measured = angles(context, name, predictions.rows, objects, turned, still)
        targets = target(context.val, predictions.rows)
        context.log(
            predictions.part, name, predictions.rows, targets, predictions.outputs, degrees, "degrees",
            predictions.seeds,
        )  # fmt: skip
        return values | measured

    outputs = 9 if as_matrix else 4
    return Task(name, views, outputs, lambda split, rows: target(split, rows).astype(np.float32), squares, measure)


def angles(
    context: Context, name: str, rows: Rows, objects: NDArray[np.int64], turns: Sequence[Array], still: Array
) -> tuple[Array, dict[str, Estimate]]:
    """Measure the angles between predicted rotations of val, by one head or several, and the true ones.

    rows : (k, 1 or 2); objects : (k,); turns : quaternions (k, 4) of each head
    still : the floor's constant quaternion (4,)
    returns : the degrees (heads, k), and mean, median and fractions of small angles; of pairs of views also the mean up
        to the object's symmetries, if these are known
    """
    truth = quaternions(context.val, rows)
    constant = np.broadcast_to(still, truth.shape)
    heads, floor = [geodesic_degrees(truth, turn) for turn in turns], geodesic_degrees(truth, constant)
    kinds: dict[str, Callable[[Array], Statistic]] = {
        f"{name}_degrees_mean": lambda angle: Mean.of(angle, objects),
        f"{name}_degrees_median": lambda angle: Median.of(angle, objects),
    }
    for near in NEAR:
        kinds[f"{name}_within_{near}"] = partial(_share_within, near=near, objects=objects)
    measure = context.bootstrap.measure
    values: dict[str, Estimate] = {}
    for metric, of in kinds.items():
        values[metric] = measure([of(angle) for angle in heads], of(floor))
    if context.oracle is not None and rows.shape[1] == context.oracle.views:
        modulo = [Mean.of(context.oracle.error(context.val, rows, turn), objects) for turn in (*turns, constant)]
        values[f"{name}_degrees_symmetric"] = measure(modulo[:-1], modulo[-1], 0.0)
    return np.stack(heads), values


def _share_within(angle: Array, near: float, objects: NDArray[np.int64]) -> Mean:
    return Mean.of((angle <= near).astype(np.float64), objects)


def _oracle(context: Context, rows: Rows) -> Array | None:
    """Return the oracle's predictions for samples (k, views) as nine entries each; None for other numbers of views."""
    if context.oracle is None or rows.shape[1] != context.oracle.views:
        return None
    return context.oracle(context.val, rows).reshape(-1, 9)


def quaternions(split: Split, rows: Rows) -> Array:
    """Return quaternions of rows (..., 1), or between pairs of rows (..., 2), with signs as released: (..., 4)."""
    angles = split.columns(ROTATION, rows.reshape(-1, rows.shape[-1]))
    first, last = angles[:, 0], angles[:, -1]
    single = rows.shape[-1] == 1
    rotations = (
        pose_quaternion(first, as_released=True) if single else relative_quaternion(first, last, as_released=True)
    )
    return rotations.reshape(*rows.shape[:-1], 4)


def matrices(split: Split, rows: Rows) -> Array:
    """Return R of rows (..., 1), or R12 = R1^-1 R2 of pairs of rows (..., 2), as nine entries: (..., 9)."""
    angles = split.columns(ROTATION, rows.reshape(-1, rows.shape[-1]))
    rotations = [pose(view).as_matrix() for view in angles.swapaxes(0, 1)]
    if len(rotations) == 2:
        rotations = [np.einsum("nki,nkj->nij", *rotations)]  # the inverse of a rotation is its transpose
    return rotations[0].reshape(*rows.shape[:-1], 9)


def quaternion(entries: Array) -> Array:
    """Return the quaternions (k, 4) of the rotations nearest to nine numbers each (k, 9)."""
    return Rotation.from_matrix(nearest_rotation(entries.reshape(-1, 3, 3))).as_quat()
