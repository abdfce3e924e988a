"""An aggregate of several views of an object: its class, and the rotation along its path (Ghaemi et al. 2025).

A sequence has context views, in a random order, and one more view, the target. Path integration predicts the rotation
from the first context view to the target, given the aggregate and the action from the last context view to the target.
Another probe sees the aggregate and the target's representation, and is asked for the rotation from the last context
view to the target, as `rotation_*` asks it of two representations.
"""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from iebench.baselines.action import ROTATION as POSE
from iebench.baselines.action import view
from iebench.baselines.several_views import SequenceMethod

from ...data import pairs
from ...fitting.context import Context, Rows, Split, Values, probe
from ...fitting.standardise import block_rows
from ...metrics.sequence import AGGREGATE, PATH, ROTATION, VIEWS, name
from ...statistics.bootstrap import Estimate
from ...statistics.metric_info import WHOLE
from .derived import along, collected, probed, rotated

SEQUENCES = 10  # of each object


@probe("sequence", metrics=AGGREGATE)
def sequence(context: Context) -> Values:
    """Measure aggregateN_top1 and aggregateN_path_* of N context views."""
    method = context.network
    if not isinstance(method, SequenceMethod) or not context.train.has(method.latents):
        return {}
    most = max((views for views in VIEWS if views < context.train.views), default=0)
    if most < max(VIEWS):
        context.notes.append(
            f"aggregates of more than {most} views are not measured, since an object has {context.train.views} views "
            "and the target is one of them"
        )
    values: dict[str, Estimate] = {}
    for views in VIEWS:
        if views <= most:
            values |= _measured(context, method, views, most)
    return {WHOLE: values} if values else {}


def _measured(context: Context, method: SequenceMethod, views: int, most: int) -> dict[str, Estimate]:
    """Measure the aggregate of the last `views` of `most` context views, so that all end with the same two views."""
    drawn = [
        pairs.sequences(split.identities, split.views, most + 1, SEQUENCES, context.protocol.pair_seed, "sequences")[
            ..., most - views :
        ]
        for split in (context.train, context.val)
    ]
    train, val = (
        sequenced(context, method, split, chosen)
        for split, chosen in zip((context.train, context.val), drawn, strict=True)
    )
    width, part = method.aggregate_size, f"aggregate{views}"
    parts = {part: slice(0, width)}
    asks = train.features.shape[1] > width and context.shows(POSE)
    if asks:
        parts[f"{part} and action"] = slice(0, train.features.shape[1])
    pose = "pose" if "pose" in context.protocol.heads else "rotation"
    measured = probed(
        context, train, val, parts, {"classification": "classification"} | ({"pose": pose} if asks else {})
    )
    values = {name(views, "top1"): measured[part]["top1"]} if "top1" in measured[part] else {}
    path = measured[f"{part} and action"] if asks else {}
    renamed = {name(views, metric.replace("pose", PATH, 1)): entry for metric, entry in path.items()}
    values |= {metric: entry for metric, entry in renamed.items() if metric in AGGREGATE and PATH in metric}
    if context.shows(POSE):
        joined_train, joined_val = (
            beside(split, made, chosen, width)
            for split, made, chosen in zip((context.train, context.val), (train, val), drawn, strict=True)
        )
        last = _rows(context.val, drawn[1])[:, -2:]
        turned = rotated(context, joined_train, joined_val, f"{part} and view", name(views, ROTATION), last)
        values |= {metric: entry for metric, entry in turned.items() if metric in AGGREGATE}
    return values


def beside(split: Split, made: Split, drawn: NDArray[np.int64], width: int) -> Split:
    """Return the split of sequences as aggregate and target; the pose is the rotation from the last view to the target.

    split : the single views; made : the same sequences, with the aggregate in their first `width` columns
    drawn : (objects, count, M + 1) views, the target last
    """
    rows = _rows(split, drawn)
    features = np.concatenate([made.features[:, :width], split.features[rows[:, -1]]], axis=1)
    return along(split, rows[:, -2:], features)


def _rows(split: Split, drawn: NDArray[np.int64]) -> Rows:
    """Return the rows of sequences: (objects, count, M + 1) views -> (objects * count, M + 1)."""
    rows: Rows = (np.arange(split.objects)[:, None, None] * split.views + drawn).reshape(-1, drawn.shape[2])
    return rows


def sequenced(context: Context, method: SequenceMethod, split: Split, drawn: NDArray[np.int64]) -> Split:
    """Return the split whose views are sequences: first the aggregate's columns, then the action's.

    The pose of such a view is the rotation from the first context view to the target.

    drawn : (objects, count, M + 1) views, the target last
    """
    rows = _rows(split, drawn)
    return along(split, rows, collected(_blocks(context, method, split, rows), len(rows)))


@torch.no_grad()
def _blocks(context: Context, method: SequenceMethod, split: Split, rows: Rows) -> Iterator[Tensor]:
    """Yield the features of sequences block by block."""
    step = block_rows(2 * rows.shape[1] * split.features.shape[1])
    for block in (rows[i : i + step] for i in range(0, len(rows), step)):
        latents = {latent: torch.from_numpy(split.latents[latent][block]) for latent in method.latents}
        views = torch.from_numpy(split.features[block[:, :-1]]).to(context.device)
        aggregate = method.aggregate(views, {latent: values[:, :-1] for latent, values in latents.items()})
        condition = method.condition(view(latents, -2), view(latents, -1))
        yield aggregate if condition is None else torch.cat([aggregate, condition], dim=1)
