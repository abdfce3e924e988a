"""Prediction: does the method's predictor find the view it was asked for? MRR, H@k and PRE (Garrido et al. 2023).

The source is view 0 of an object. As released, the queries are predictions for each of its views, the source included,
and the source may be found: whoever can do nothing but stay has one query right. In the strict form the source is
neither asked for nor found.
"""

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from iebench.baselines.action import ROTATION, Latents
from iebench.manifests.conventions import pose

from ..bootstrap import Mean
from ..measures import WHOLE
from ..metrics import chance_pose_error
from ..predictor import Predictor
from ..retrieval import Rows, Vectors, chance_reciprocal, nearest_mean, own_places, unit
from .context import Context, Split, Values, probe
from .standardise import BLOCK

KS = {"h1": 1, "h5": 5, "h10": 10}


@probe("prediction")
def prediction(context: Context) -> Values:
    """mrr, h1, h5, h10 among an object's own views, and pre among all val views; floors are those of a random order.

    As released they are called mrr_released and so on: they are other numbers.
    """
    method, val = context.method, context.val
    first = 0 if context.protocol.retrieval == "with the source" else 1
    asked = val.views - first
    if method is None or asked < 2:
        return {}
    shape = (val.objects, val.views, -1)
    gallery = embeddings(val, method, context.device)
    queries = predictions(val, method, context.device).reshape(shape)[:, first:]
    found = own_places(gallery.reshape(shape)[:, first:], queries, context.protocol.tie)
    values = {"mrr": (found.reciprocal, chance_reciprocal(asked))}
    values |= {name: (found.within(k), min(1.0, k / asked)) for name, k in KS.items()}
    if val.has(ROTATION):
        barred = np.repeat(np.arange(val.objects) * val.views, asked) if first else None
        rows = np.arange(len(gallery)).reshape(val.objects, -1)[:, first:].ravel()
        values["pre"] = _pre(context, gallery, queries.reshape(len(rows), -1), rows, barred)
    suffix, objects = "" if first else "_released", np.repeat(np.arange(val.objects), asked)
    measure = context.bootstrap.measure
    return {WHOLE: {f"{name}{suffix}": measure(Mean.of(v, objects), floor) for name, (v, floor) in values.items()}}


def _pre(
    context: Context, gallery: Vectors, queries: Vectors, rows: Rows, barred: Rows | None
) -> tuple[NDArray[np.float64], float]:
    """1 - <q, q'>^2 of wanted and found poses of each query, and what a random find gets.

    rows : the view that each query asks for; barred : the one it may not find
    """
    poses = pose(context.val.columns(ROTATION, np.arange(len(gallery)))).as_quat()
    squares = np.einsum("ni,nj->nij", poses, poses).reshape(-1, 16)  # <q, q'>^2 is linear in these: ties can average
    found = nearest_mean(gallery, queries, squares, context.device, context.protocol.tie, barred).reshape(-1, 4, 4)
    error = 1 - np.einsum("qi,qij,qj->q", poses[rows], found, poses[rows])
    return error, chance_pose_error(poses[rows], poses, barred)


@torch.no_grad()
def embeddings(split: Split, method: Predictor, device: torch.device) -> Vectors:
    """The equivariant embeddings of all views, scaled to length 1: (n, E)."""
    starts = range(0, len(split.features), BLOCK)
    blocks = (method.embed(torch.from_numpy(np.array(split.features[i : i + BLOCK])).to(device)) for i in starts)
    return _collected(blocks, len(split.features))


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
