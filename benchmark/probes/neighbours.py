"""Classification without training: by the nearest train views, and by the class means of a few examples.

Both use the cosine of features, standardised as the protocol says.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from iebench.manifests.latents import uniforms

from ..data.rows import rows_of
from ..fitting.context import Context, Rows, Split, Values, probe
from ..fitting.standardise import ROWS_PER_BLOCK, block_rows
from ..metrics.neighbours import FEW, KNN
from ..statistics.bootstrap import Mean
from ..statistics.metrics import top_k
from ..statistics.retrieval import unit
from .classification import class_indices

TILE = 4_096  # queries per comparison with a block of the gallery


@probe("neighbours", metrics=KNN)
def neighbours(context: Context) -> Values:
    """Measure knn_top1 per part: each of the k nearest train views votes for its class with exp(cosine / temperature).

    Wu et al. (2018), "Unsupervised feature learning via non-parametric instance discrimination". The gallery is the
    first views of every train object; the floor predicts the largest class.
    """
    settings, train, val = context.protocol.neighbours, context.train, context.val
    if settings is None:
        return {}
    classes = np.unique(train.labels)
    rows = rows_of(np.arange(train.objects), train.views, min(settings.views, train.views))
    labels = class_indices(classes, train.labels[rows])
    queries, objects = val.evaluation_rows(1, context.protocol.val_views == "all")
    targets = class_indices(classes, val.labels[queries[:, 0]])
    usual = np.broadcast_to(np.bincount(labels).astype(np.float64), (len(targets), len(classes)))
    floor = Mean.of(top_k(usual, targets, 1), objects)
    values: Values = {}
    for part, columns in context.parts.items():
        gallery = unit_rows(context, train, rows, columns)
        votes = [
            vote(gallery, labels, block, settings.k, settings.temperature, len(classes))
            for block in query_tiles(context, val, queries[:, 0], columns)
        ]
        scores = np.concatenate(votes)[:, None]
        accuracies = _named(context, part, "knn", scores, classes, queries, objects)
        values[part] = {"knn_top1": context.bootstrap.measure(accuracies, floor, 1.0)}
    return values


@probe("few", metrics=FEW)
def few(context: Context) -> Values:
    """Measure shotK_top1 per part: nearest class mean, of K train objects per class with one view each.

    The value is a mean over several draws of examples. A class with fewer than K objects uses all of them. The floor is
    a random guess among the classes.
    """
    settings, train, val = context.protocol.few_shot, context.train, context.val
    if settings is None:
        return {}
    classes = np.unique(train.labels)
    queries, objects = val.evaluation_rows(1, context.protocol.val_views == "all")
    examples = [
        [shots(train, classes, k, context.protocol.pair_seed, draw) for draw in range(settings.draws)]
        for k in settings.shots
    ]
    values: Values = {}
    for part, columns in context.parts.items():
        means = [
            class_means(unit_rows(context, train, rows, columns), class_indices(classes, train.labels[rows]))
            for drawn in examples
            for rows in drawn
        ]
        tiles = query_tiles(context, val, queries[:, 0], columns)
        scores = np.concatenate([torch.stack([tile @ own.T for own in means], 1).cpu().numpy() for tile in tiles])
        values[part] = {}
        for i, k in enumerate(settings.shots):
            own = scores[:, i * settings.draws : (i + 1) * settings.draws]
            accuracies = _named(context, part, f"shot{k}", own, classes, queries, objects)
            values[part][f"shot{k}_top1"] = context.bootstrap.measure(accuracies, 1 / len(classes), 1.0)
    return values


def _named(
    context: Context, part: str, question: str, scores: NDArray[np.floating[Any]], classes: NDArray[np.int64],
    rows: Rows, objects: NDArray[np.int64],
) -> list[Mean]:  # fmt: skip
    """Return the accuracy of the class with the highest score, draw by draw.

    scores : (k, draws, classes); classes : labels of the last axis; rows : (k, 1) views; objects : (k,) their objects
    """
    labels = context.val.labels[rows[:, 0]]
    targets, draws = class_indices(classes, labels), scores.swapaxes(0, 1)
    right = np.stack([top_k(own, targets, 1) for own in draws])
    seeds = range(len(draws)) if len(draws) > 1 else (None,)
    context.log(part, question, rows, labels[:, None], classes[draws.argmax(-1)][..., None], 1 - right, "wrong", seeds)
    return [Mean.of(hits, objects) for hits in right]


def shots(train: Split, classes: NDArray[np.int64], k: int, seed: int, draw: int) -> NDArray[np.int64]:
    """Draw the rows of k examples per class, of different objects; of all objects if a class has fewer.

    The choice depends on the objects' identities alone: each object has a random number, and the k smallest are taken.
    """
    drawn = np.array([uniforms(seed, *identity, f"shots {draw}", 1)[0, :2] for identity in train.identities])
    labels = train.labels[:: train.views]
    chosen = []
    for label in classes:
        members = np.flatnonzero(labels == label)
        chosen.append(members[np.argsort(drawn[members, 0], kind="stable")[:k]])
    objects = np.concatenate(chosen)
    rows: NDArray[np.int64] = objects * train.views + (drawn[objects, 1] * train.views).astype(np.int64)
    return rows


def vote(
    gallery: Tensor, labels: NDArray[np.int64], queries: Tensor, k: int, temperature: float, classes: int
) -> NDArray[np.float64]:
    """Return the votes for each class: (queries, classes).

    gallery, queries : (g, D) and (q, D), unit length; labels : (g,) in [0, classes)
    """
    return votes_of(*nearest(gallery, queries, k), labels, temperature, classes)


def nearest(gallery: Tensor, queries: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Return cosines and rows of the k nearest rows of a gallery, the nearest first: (queries, k) each.

    gallery, queries : (g, D) and (q, D), unit length; k : all rows if there are fewer
    """
    count = min(k, len(gallery))
    best = torch.full((len(queries), 0), 0.0, device=queries.device)
    rows = torch.zeros((len(queries), 0), dtype=torch.int64, device=queries.device)
    for start in range(0, len(gallery), ROWS_PER_BLOCK):
        scores, index = (queries @ gallery[start : start + ROWS_PER_BLOCK].T).topk(
            min(count, len(gallery) - start, ROWS_PER_BLOCK)
        )
        best = torch.cat([best, scores], dim=1)
        rows = torch.cat([rows, index + start], dim=1)
        best, order = best.topk(min(count, best.shape[1]))
        rows = rows.gather(1, order)
    return best, rows


def votes_of(
    cosines: Tensor, rows: Tensor, labels: NDArray[np.int64], temperature: float, classes: int
) -> NDArray[np.float64]:
    """Return the votes of some rows of a gallery for each class: cosines, rows (queries, k) -> (queries, classes)."""
    named = torch.from_numpy(labels).to(rows.device)[rows]
    votes = torch.zeros(len(rows), classes, dtype=torch.float64, device=rows.device)
    return votes.scatter_add_(1, named, ((cosines.double() - 1) / temperature).exp()).cpu().numpy()


def class_means(examples: Tensor, labels: NDArray[np.int64]) -> Tensor:
    """Return unit vectors along the mean of each class's examples: (n, D), (n,) -> (classes, D)."""
    where = torch.from_numpy(labels).to(examples.device)
    total = torch.zeros(int(labels.max()) + 1, examples.shape[1], device=examples.device)
    return unit(total.index_add_(0, where, examples))


def unit_rows(context: Context, split: Split, rows: NDArray[np.int64], columns: slice) -> Tensor:
    """Return a part's features, standardised as the protocol says, with unit length, on the device: (n, D)."""
    return unit(torch.from_numpy(context.standardiser(split.features[rows], columns)).to(context.device))


def query_tiles(context: Context, split: Split, rows: NDArray[np.int64], columns: slice) -> Iterator[Tensor]:
    """Yield `unit_rows` of some rows in blocks of at most TILE."""
    step = min(TILE, block_rows(columns.stop - columns.start))
    return (unit_rows(context, split, rows[i : i + step], columns) for i in range(0, len(rows), step))
