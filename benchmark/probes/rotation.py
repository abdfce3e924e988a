"""Rotation: an MLP on two views' features regresses the rotation between them (Garrido et al. 2023, section 5)."""

import numpy as np
from numpy.typing import NDArray
from torch import nn

from iebench.baselines.action import ROTATION
from iebench.manifests.conventions import geodesic_degrees, relative_quaternion

from ..bootstrap import R2, Mean, Median
from ..metrics import best_constant_rotation
from .context import Context, Rows, Split, Values, probe
from .heads import Task, answers


@probe("rotation")
def rotation(context: Context) -> Values:
    """R2 pooled and mean, and the angle to the true rotation (mean, median) of each part.

    Floors: the train pairs' mean quaternion for R2, their best constant rotation for the angle.
    """
    if not context.train.has(ROTATION):
        return {}
    task = Task(
        views=2,
        hidden=context.protocol.hidden,
        outputs=4,
        target=lambda split, rows: quaternions(split, rows).astype(np.float32),
        loss=nn.functional.mse_loss,
        training=context.protocol.rotation,
    )
    rows, objects = context.val.all_pairs()
    targets = quaternions(context.val, rows)
    seen = quaternions(context.train, context.train.all_pairs()[0])
    mean = np.broadcast_to(seen.mean(0), targets.shape)
    still = geodesic_degrees(targets, np.broadcast_to(best_constant_rotation(seen), targets.shape))
    values: Values = {}
    for part, found in answers(context, task, rows).items():
        angle = geodesic_degrees(targets, found)
        measure = context.bootstrap.measure
        values[part] = {
            "rotation_r2_pooled": measure(R2.of(targets, found, objects, True), R2.of(targets, mean, objects, True)),
            "rotation_r2_mean": measure(R2.of(targets, found, objects, False), R2.of(targets, mean, objects, False)),
            "rotation_degrees_mean": measure(Mean.of(angle, objects), Mean.of(still, objects)),
            "rotation_degrees_median": measure(Median.of(angle, objects), Median.of(still, objects)),
        }
    return values


def quaternions(split: Split, rows: Rows) -> NDArray[np.float64]:
    """The relative quaternions of pairs of rows (k, 2), signs as released: (k, 4)."""
    angles = split.columns(ROTATION, rows)
    return relative_quaternion(angles[:, 0], angles[:, 1], as_released=True)
