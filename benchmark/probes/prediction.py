"""Retrieval by a method's predictor, of the target view: MRR, H@k and PRE (Garrido et al. 2023).

The source is view 0 of an object. In the released form the queries are predictions for each of the object's views,
including the source, and the source is a candidate; a predictor that always predicts the source has one query right.
In the strict form the source is neither query nor candidate.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from iebench.baselines.action import ROTATION, Latents
from iebench.manifests.conventions import pose

from ..encoders.predictor import Predictor
from ..fitting.context import Context, Split, Values, probe
from ..fitting.standardise import ROWS_PER_BLOCK, block_rows
from ..metrics.prediction import HITS, RELEASED, STRICT
from ..statistics.bootstrap import Bootstrap, Estimate, Mean, plain
from ..statistics.metric_info import WHOLE
from ..statistics.metrics import chance_pose_error
from ..statistics.retrieval import Rows, Vectors, chance_reciprocal, nearest_mean, own_rank_counts, unit

PerQuery = dict[str, tuple[NDArray[np.float64], float]]
"""Metric -> its value for every query, and its expectation for a random order."""


@probe("prediction", metrics=STRICT | RELEASED)
def prediction(context: Context) -> Values:
    """Measure mrr, h1, h2, h5, h10 among an object's own views, and pre among all val views; floors: random order.

    The values of the released form differ, and are named mrr_released and so on. Two more kinds come with them:
    pre_all_released, val's queries among all views of both splits; and mrr_train_released and so on, train's queries
    among train's views.
    """
    method, train, val = context.method, context.train, context.val
    first = 0 if context.protocol.retrieval == "with the source" else 1
    count = val.views - first
    if method is None or count < 2:
        return {}
    every = embeddings([val] if first else [train, val], method, context.device)
    gallery = every[-len(val.features) :]
    queries = predictions(val, method, context.device).reshape(val.objects, val.views, -1)[:, first:]
    values = _ranked(context, queries, gallery)
    if context.shows(ROTATION):
        poses, flat = _poses([val]), queries.reshape(val.objects * count, -1)
        targets = poses.reshape(val.objects, val.views, 4)[:, first:].reshape(-1, 4)
        barred = np.repeat(np.arange(val.objects) * val.views, count) if first else None
        values["pre"] = _pre(context, flat, targets, gallery, poses, barred)
        if not first:
            values["pre_all"] = _pre(context, flat, targets, every, _poses([train, val]))
    _log(context, first, values)
    suffix, measure = "" if first else "_released", context.bootstrap.measure
    objects = np.repeat(np.arange(val.objects), count)
    whole: dict[str, Estimate] = {f"{name}{suffix}": measure(Mean.of(v, objects), f) for name, (v, f) in values.items()}
    return {WHOLE: whole if first else whole | _on_train(context, method, every[: len(train.features)])}


def _log(context: Context, first: int, values: PerQuery) -> None:
    """Store the errors of every query: one minus the reciprocal rank, and the pose error."""
    val = context.val
    sources = np.arange(val.objects)[:, None] * val.views
    rows = np.stack(np.broadcast_arrays(sources, sources + np.arange(first, val.views)), axis=-1).reshape(-1, 2)
    nothing = np.empty((len(rows), 0))
    context.log(WHOLE, "mrr", rows, nothing, nothing[None], 1 - values["mrr"][0][None], "1 - 1/rank")
    if "pre" in values:
        context.log(WHOLE, "pre", rows, nothing, nothing[None], values["pre"][0][None], "1 - <q, q'>^2")


def _ranked(context: Context, queries: Vectors, gallery: Vectors) -> PerQuery:
    """Return MRR and H@k of queries (objects, count, E) among each object's last `count` views in a gallery (n, E)."""
    objects, count, width = queries.shape
    own = gallery.reshape(objects, -1, width)[:, -count:]
    ranks = own_rank_counts(own, queries, context.protocol.tie)
    hits = {name: (ranks.within(k), min(1.0, k / count)) for name, k in HITS.items()}
    return {"mrr": (ranks.reciprocal, chance_reciprocal(count)), **hits}


def _on_train(context: Context, method: Predictor, gallery: Vectors) -> dict[str, Estimate]:
    """Measure train's queries among train's views, with separate bootstrap samples: the objects are not val's."""
    train, protocol = context.train, context.protocol
    queries = predictions(train, method, context.device)
    values = _ranked(context, queries.reshape(train.objects, train.views, -1), gallery)
    if context.shows(ROTATION):
        poses = _poses([train])
        values["pre"] = _pre(context, queries, poses, gallery, poses)
    bootstrap = Bootstrap.of(train.objects, protocol.draws, protocol.level, protocol.pair_seed)
    return {
        f"{name}_train_released": plain(bootstrap.measure(Mean.of(value, train.image_objects), floor))
        for name, (value, floor) in values.items()
    }


def _poses(splits: Sequence[Split]) -> NDArray[np.float64]:
    """Return the pose of every view as a quaternion: (n, 4)."""
    angles = [split.columns(ROTATION, np.arange(len(split.features))) for split in splits]
    return pose(np.concatenate(angles)).as_quat()


def _pre(
    context: Context, queries: Vectors, targets: NDArray[np.float64], gallery: Vectors, poses: NDArray[np.float64],
    barred: Rows | None = None,
) -> tuple[NDArray[np.float64], float]:  # fmt: skip
    """Return 1 - <q, q'>^2 of the target and retrieved pose of each query, and its expectation for a random view.

    targets : (q, 4) poses of the queries' targets; poses : (n, 4) poses of the gallery's views
    barred : (q,) a view per query that is not a candidate
    """
    squares = np.einsum("ni,nj->nij", poses, poses).reshape(-1, 16)  # <q, q'>^2 is linear in these: average ties
    means = nearest_mean(gallery, queries, squares, context.device, context.protocol.tie, barred).reshape(-1, 4, 4)
    return 1 - np.einsum("qi,qij,qj->q", targets, means, targets), chance_pose_error(targets, poses, barred)


@torch.no_grad()
def embeddings(splits: Sequence[Split], method: Predictor, device: torch.device) -> Vectors:
    """Return the equivariant embeddings of all views, split after split, scaled to unit length: (n, E)."""
    step = block_rows(splits[0].features.shape[1])
    features = [split.features[i : i + step] for split in splits for i in range(0, len(split.features), step)]
    blocks = (method.embed(torch.from_numpy(np.array(block)).to(device)) for block in features)
    return _collected(blocks, sum(len(split.features) for split in splits))


@torch.no_grad()
def predictions(split: Split, method: Predictor, device: torch.device) -> Vectors:
    """Return the predicted embedding of every view from view 0 of its object, scaled to unit length: (n, E)."""

    def predicted(first: int, last: int) -> Tensor:
        sources = np.arange(first, last) * split.views
        targets = (sources[:, None] + np.arange(split.views)).ravel()
        embedding = method.embed(torch.from_numpy(split.features[sources]).to(device))
        latents = latents_of(split, method, np.repeat(sources, split.views)), latents_of(split, method, targets)
        return method.predict(embedding, *latents)

    step = max(1, ROWS_PER_BLOCK // 2 // split.views)
    blocks = (predicted(i, min(i + step, split.objects)) for i in range(0, split.objects, step))
    return _collected(blocks, len(split.features))


def _collected(blocks: Iterable[Tensor], count: int) -> Vectors:
    """Collect the rows of all blocks, scaled to unit length while they are in the CPU's cache: (count, E)."""
    out, start = np.empty((0, 0), np.float32), 0
    for block in blocks:
        if not start:
            out = np.empty((count, block.shape[1]), np.float32)
        out[start : start + len(block)] = unit(block.float()).cpu().numpy()
        start += len(block)
    return out


def latents_of(split: Split, method: Predictor, rows: NDArray[np.int64]) -> Latents:
    """Return the latents of rows that a predictor takes: name -> (n,) float64."""
    return {name: torch.from_numpy(split.latents[name][rows]) for name in method.latents}
