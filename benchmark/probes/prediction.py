"""Prediction: does the method's predictor find the view it was asked for? MRR, H@k and PRE (Garrido et al. 2023).

The source is view 0 of an object. As released, the queries are predictions for each of its views, the source included,
and the source may be found: whoever can do nothing but stay has one query right. In the strict form the source is
neither asked for nor found.
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
from ..fitting.standardise import BLOCK, block_rows
from ..statistics.bootstrap import Bootstrap, Mean, Measured, plain
from ..statistics.metric_info import WHOLE
from ..statistics.metrics import chance_pose_error
from ..statistics.retrieval import Rows, Vectors, chance_reciprocal, nearest_mean, own_places, unit

KS = {"h1": 1, "h2": 2, "h5": 5, "h10": 10}

Found = dict[str, tuple[NDArray[np.float64], float]]
"""Metric -> its value for every question, and what a random order gets."""


@probe("prediction")
def prediction(context: Context) -> Values:
    """mrr, h1, h2, h5, h10 among an object's own views, and pre among all val views; floors are of a random order.

    As released they are called mrr_released and so on: they are other numbers. With them come pre_all_released, val's
    questions among all views of both splits, and mrr_train_released and so on, train's questions among train's views.
    """
    method, train, val = context.method, context.train, context.val
    first = 0 if context.protocol.retrieval == "with the source" else 1
    asked = val.views - first
    if method is None or asked < 2:
        return {}
    every = embeddings([val] if first else [train, val], method, context.device)
    gallery = every[-len(val.features) :]
    queries = predictions(val, method, context.device).reshape(val.objects, val.views, -1)[:, first:]
    values = _ranked(context, queries, gallery)
    if context.shows(ROTATION):
        poses, flat = _poses([val]), queries.reshape(val.objects * asked, -1)
        wanted = poses.reshape(val.objects, val.views, 4)[:, first:].reshape(-1, 4)
        barred = np.repeat(np.arange(val.objects) * val.views, asked) if first else None
        values["pre"] = _pre(context, flat, wanted, gallery, poses, barred)
        if not first:
            values["pre_all"] = _pre(context, flat, wanted, every, _poses([train, val]))
    _log(context, first, values)
    suffix, measure = "" if first else "_released", context.bootstrap.measure
    objects = np.repeat(np.arange(val.objects), asked)
    whole: dict[str, Measured] = {f"{name}{suffix}": measure(Mean.of(v, objects), f) for name, (v, f) in values.items()}
    return {WHOLE: whole if first else whole | _on_train(context, method, every[: len(train.features)])}


def _log(context: Context, first: int, values: Found) -> None:
    """Keep what became of every question: the reciprocal rank's distance from 1, and the pose error."""
    val = context.val
    sources = np.arange(val.objects)[:, None] * val.views
    rows = np.stack(np.broadcast_arrays(sources, sources + np.arange(first, val.views)), axis=-1).reshape(-1, 2)
    nothing = np.empty((len(rows), 0))
    context.log(WHOLE, "mrr", rows, nothing, nothing[None], 1 - values["mrr"][0][None], "1 - 1/rank")
    if "pre" in values:
        context.log(WHOLE, "pre", rows, nothing, nothing[None], values["pre"][0][None], "1 - <q, q'>^2")


def _ranked(context: Context, queries: Vectors, gallery: Vectors) -> Found:
    """MRR and H@k of queries (objects, asked, E) among the last `asked` views of each object in a gallery (n, E)."""
    objects, asked, width = queries.shape
    own = gallery.reshape(objects, -1, width)[:, -asked:]
    found = own_places(own, queries, context.protocol.tie)
    hits = {name: (found.within(k), min(1.0, k / asked)) for name, k in KS.items()}
    return {"mrr": (found.reciprocal, chance_reciprocal(asked)), **hits}


def _on_train(context: Context, method: Predictor, gallery: Vectors) -> dict[str, Measured]:
    """Train's questions among train's views, with draws of their own: val's are of other objects."""
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
    """The pose of every view as a quaternion: (n, 4)."""
    angles = [split.columns(ROTATION, np.arange(len(split.features))) for split in splits]
    return pose(np.concatenate(angles)).as_quat()


def _pre(
    context: Context, queries: Vectors, wanted: NDArray[np.float64], gallery: Vectors, poses: NDArray[np.float64],
    barred: Rows | None = None,
) -> tuple[NDArray[np.float64], float]:  # fmt: skip
    """1 - <q, q'>^2 of wanted and found poses of each query, and what a random find gets.

    wanted : (q, 4) the poses that the queries ask for; poses : (n, 4) those of the gallery's views
    barred : (q,) the view that each query may not find
    """
    squares = np.einsum("ni,nj->nij", poses, poses).reshape(-1, 16)  # <q, q'>^2 is linear in these: ties can average
    found = nearest_mean(gallery, queries, squares, context.device, context.protocol.tie, barred).reshape(-1, 4, 4)
    return 1 - np.einsum("qi,qij,qj->q", wanted, found, wanted), chance_pose_error(wanted, poses, barred)


@torch.no_grad()
def embeddings(splits: Sequence[Split], method: Predictor, device: torch.device) -> Vectors:
    """The equivariant embeddings of all views, split after split, scaled to length 1: (n, E)."""
    step = block_rows(splits[0].features.shape[1])
    features = [split.features[i : i + step] for split in splits for i in range(0, len(split.features), step)]
    blocks = (method.embed(torch.from_numpy(np.array(block)).to(device)) for block in features)
    return _collected(blocks, sum(len(split.features) for split in splits))


@torch.no_grad()
def predictions(split: Split, method: Predictor, device: torch.device) -> Vectors:
    """The predicted embedding of every view from view 0 of its object, scaled to length 1: (n, E)."""

    def predicted(first: int, last: int) -> Tensor:
        sources = np.arange(first, last) * split.views
        targets = (sources[:, None] + np.arange(split.views)).ravel()
        embedding = method.embed(torch.from_numpy(split.features[sources]).to(device))
        told = _latents(split, method, np.repeat(sources, split.views)), _latents(split, method, targets)
        return method.predict(embedding, *told)

    step = max(1, BLOCK // 2 // split.views)
    blocks = (predicted(i, min(i + step, split.objects)) for i in range(0, split.objects, step))
    return _collected(blocks, len(split.features))


def _collected(blocks: Iterable[Tensor], count: int) -> Vectors:
    """The rows of all blocks, scaled while they are still in the processor's cache: (count, E)."""
    out, start = np.empty((0, 0), np.float32), 0
    for block in blocks:
        if not start:
            out = np.empty((count, block.shape[1]), np.float32)
        out[start : start + len(block)] = unit(block.float().cpu().numpy())
        start += len(block)
    return out


def _latents(split: Split, method: Predictor, rows: NDArray[np.int64]) -> Latents:
    return {name: torch.from_numpy(split.latents[name][rows]) for name in method.latents}
