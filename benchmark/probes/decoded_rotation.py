"""Rotation between two views, decoded by the method itself from their embeddings: nothing is fitted.

It applies to methods whose embedding moves by a fixed matrix of the rotation: two embeddings determine that matrix.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from iebench.baselines.action import ROTATION
from iebench.baselines.several_views import RotationMethod

from ..fitting.context import Context, Rows, Values, probe
from ..fitting.heads import seen
from ..fitting.standardise import block_rows
from ..metrics.rotation import DECODED
from ..statistics.metric_info import WHOLE
from ..statistics.metrics import best_constant_rotation
from .rotation import angles, matrices, quaternion, quaternions


@probe("decoded_rotation", metrics=DECODED)
def decoded_rotation(context: Context) -> Values:
    """Measure the angle between the rotation read from two embeddings and the true one, on every pair of val."""
    method = context.method if context.network is None else context.network
    if not isinstance(method, RotationMethod) or not context.shows(ROTATION):
        return {}
    rows, objects = context.val.all_pairs()
    entries = read(context, method, rows)
    still = best_constant_rotation(quaternions(context.train, seen(context, 2)))
    degrees, values = angles(context, "rotation_decoded", rows, objects, [quaternion(entries)], still)
    truth = matrices(context.val, rows)
    context.log(WHOLE, "rotation_decoded", rows, truth, entries[None], degrees, "degrees")
    return {WHOLE: values}


@torch.no_grad()
def read(context: Context, method: RotationMethod, rows: Rows) -> NDArray[np.float64]:
    """Return the nine entries of R12 of pairs of val: rows (k, 2) -> (k, 9).

    A method of the world's frame gives R2 R1^-1; the true R1 turns it into the object's frame, and no angle changes.
    """
    features, blocks = context.val.features, []
    step = block_rows(features.shape[1])
    for block in (rows[i : i + step] for i in range(0, len(rows), step)):
        views = (torch.from_numpy(features[block[:, view]]).to(context.device) for view in (0, 1))
        turns = method.rotation(*(method.embed(view) for view in views)).double().cpu().numpy()
        if method.frame == "world":  # R2 R1^-1 in the frame of the true R1, which leaves its angle to any other one
            first = matrices(context.val, block[:, :1]).reshape(-1, 3, 3)
            turns = first.swapaxes(1, 2) @ turns @ first
        blocks.append(turns.reshape(-1, 9))
    return np.concatenate(blocks)
