"""Colour: an MLP on two views' features regresses how far floor hue and light hue differ (Garrido et al. 2023)."""

import numpy as np
from numpy.typing import NDArray
from torch import nn

from ..bootstrap import R2
from .context import Context, Rows, Split, Values, probe
from .heads import Task, answers

HUES = ("floor_hue", "light_hue")


@probe("colour")
def colour(context: Context) -> Values:
    """R2 of the hue differences, pooled and mean, of each part; the floor is the train pairs' mean difference."""
    if not context.train.has(HUES):
        return {}
    task = Task(
        views=2,
        hidden=context.protocol.hidden,
        outputs=len(HUES),
        target=lambda split, rows: differences(split, rows).astype(np.float32),
        loss=nn.functional.mse_loss,
        training=context.protocol.colour,
    )
    rows, objects = context.val.all_pairs()
    targets = differences(context.val, rows)
    seen = differences(context.train, context.train.all_pairs()[0])
    mean = np.broadcast_to(seen.mean(0), targets.shape)
    values: Values = {}
    for part, found in answers(context, task, rows).items():
        values[part] = {
            name: context.bootstrap.measure(
                R2.of(targets, found, objects, pooled), R2.of(targets, mean, objects, pooled)
            )
            for name, pooled in (("colour_r2_pooled", True), ("colour_r2_mean", False))
        }
    return values


def differences(split: Split, rows: Rows) -> NDArray[np.float64]:
    """Second view's hues minus the first's, pairs of rows (k, 2) -> (k, 2), in (-1, 1): no wrap-around, as released."""
    hues = split.columns(HUES, rows)
    difference: NDArray[np.float64] = hues[:, 1] - hues[:, 0]
    return difference
