"""Prediction: does the method's predictor find the view it was asked for? MRR, H@k and PRE (Garrido et al. 2023).

The source is view 0 of an object, the queries are predictions for each of its views, the source included.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from iebench.baselines.action import ROTATION, Latents
from iebench.manifests.conventions import pose

from ..bootstrap import Mean, Statistic
from ..measures import WHOLE
from ..metrics import chance_mrr, chance_pose_error, mean_ranks, pose_error
from ..predictor import Predictor
from .context import Context, Split, Values, probe
from .standardise import BLOCK

Vectors = NDArray[np.float32]
KS = {"h1": 1, "h5": 5, "h10": 10}
QUERIES = 2_048  # queries compared with the gallery at once


@probe("prediction")
def prediction(context: Context) -> Values:
    """mrr, h1, h5, h10 among an object's own views, and pre among all val views; floors are those of a random order."""
    method, val = context.method, context.val
    if method is None:
        return {}
    gallery = unit(embeddings(context, method))
    queries = unit(predictions(context, method))
    ranks = ranks_within(gallery, queries, val.views, context.protocol.tie)
    found: dict[str, tuple[NDArray[np.float64], float]] = {"mrr": (1 / ranks, chance_mrr(val.views))}
    for name, k in KS.items():
        found[name] = ((ranks <= k).astype(np.float64), min(1.0, k / val.views))
    if val.has(ROTATION):
        poses = pose(val.columns(ROTATION, np.arange(len(gallery)))).as_quat()
        nearest = nearest_rows(gallery, queries, context.device)
        found["pre"] = (pose_error(poses, poses[nearest]), chance_pose_error(poses))
    statistics: dict[str, tuple[Statistic, float]] = {
        name: (Mean.of(values, val.image_objects), floor) for name, (values, floor) in found.items()
    }
    return {WHOLE: {name: context.bootstrap.measure(*pair) for name, pair in statistics.items()}}


@torch.no_grad()
def embeddings(context: Context, method: Predictor) -> Vectors:
    """The equivariant embeddings of all val views: (n, E)."""
    features = context.val.features
    blocks = [
        method.embed(torch.from_numpy(np.array(features[i : i + BLOCK])).to(context.device)).float().cpu().numpy()
        for i in range(0, len(features), BLOCK)
    ]
    return np.concatenate(blocks)


@torch.no_grad()
def predictions(context: Context, method: Predictor) -> Vectors:
    """The predicted embedding of every val view from view 0 of its object: (n, E)."""
    val = context.val
    step = max(1, BLOCK // 4 // val.views)
    blocks = []
    for start in range(0, val.objects, step):
        sources = np.arange(start, min(start + step, val.objects)) * val.views
        targets = (sources[:, None] + np.arange(val.views)).ravel()
        sources = np.repeat(sources, val.views)
        embedding = method.embed(torch.from_numpy(val.features[sources]).to(context.device))
        predicted = method.predict(embedding, _latents(val, method, sources), _latents(val, method, targets))
        blocks.append(predicted.float().cpu().numpy())
    return np.concatenate(blocks)


def ranks_within(gallery: Vectors, queries: Vectors, views: int, tie: float) -> NDArray[np.float64]:
    """Mean rank of query i's own view i among its object's views, by dot product.

    gallery, queries : (objects * views, E), unit length
    returns : (objects * views,) float64 in [1, views]
    """
    shape = (-1, views, gallery.shape[1])
    scores = np.matmul(queries.reshape(shape), gallery.reshape(shape).transpose(0, 2, 1))  # (objects, query, view)
    own = np.tile(np.arange(views), len(scores))
    return mean_ranks(scores.reshape(-1, views), own, tie)


@torch.no_grad()
def nearest_rows(gallery: Vectors, queries: Vectors, device: torch.device) -> NDArray[np.int64]:
    """The row of the gallery with the largest dot product for each query, the first of equals: (queries,).

    Tiled on both sides: memory stays at QUERIES x BLOCK numbers whatever the sizes.
    """
    nearest = np.empty(len(queries), np.int64)
    for start in range(0, len(queries), QUERIES):
        block = torch.from_numpy(queries[start : start + QUERIES]).to(device)
        best = torch.full((len(block),), -torch.inf, device=device)
        where = torch.zeros(len(block), dtype=torch.int64, device=device)
        for offset in range(0, len(gallery), BLOCK):
            tile = torch.from_numpy(gallery[offset : offset + BLOCK]).to(device)
            score, index = (block @ tile.T).max(dim=1)
            better = score > best
            best = torch.where(better, score, best)
            where = torch.where(better, index + offset, where)
        nearest[start : start + QUERIES] = where.cpu().numpy()
    return nearest


def unit(vectors: Vectors) -> Vectors:
    """Vectors (n, E) scaled to length 1; a zero vector stays zero."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = vectors / np.where(length > 0, length, 1)
    return scaled


def _latents(split: Split, method: Predictor, rows: NDArray[np.int64]) -> Latents:
    return {name: torch.from_numpy(split.latents[name][rows]) for name in method.latents}
