"""Predictions of single views for the page: confused classes, and the views of the worst objects."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from ..data.rows import spread
from ..ranking.board import Row
from ..results.score import Score
from ..statistics.resamples import unpack
from .pictures import Pictures

Codes = NDArray[np.int64]
NUMBERS = 400_000  # predictions of single views, over all methods
IMAGES = 640  # images of single views, the worst objects first
VIEWS = 16  # most views of an object that are shown, evenly spread


def confusion(rows: Sequence[Row], pictures: Pictures | None) -> dict[str, Any] | None:
    """Return each method's counts of views by true and predicted class; None if no score has predictions.

    Classes that are confused stand beside each other: their order is that of a hierarchical clustering of the counts.
    Counts are lists of [true, predicted, count] by numbers in that order; several training seeds are added up.
    """
    scores = {method: list(row.group.scores.values()) for method, row in enumerate(rows)}
    synsets = sorted({name for score in _answered(scores) for name in score.answers.classes})
    if len(synsets) < 2:
        return None
    counts = {
        method: sum((counted(score, synsets) for score in own), np.zeros((len(synsets),) * 2, np.int64))
        for method, own in scores.items()
        if all(score.answers is not None for score in own)
    }
    order = clustered(sum(counts.values(), np.zeros((len(synsets),) * 2, np.int64)))
    names = {} if pictures is None else pictures.class_names
    return {
        "classes": [names.get(synsets[i], synsets[i]) for i in order],
        "counts": {method: _sparse(matrix[np.ix_(order, order)]) for method, matrix in counts.items()},
    }


def of_views(rows: Sequence[Row], worst: Sequence[int], pictures: Pictures) -> dict[str, Any] | None:
    """Return predicted class and error of the pose for views of the worst objects, with images of the first ones.

    rows : methods; predictions are those of their first training seed
    worst : numbers of objects, the worst first
    """
    first = {method: next(iter(row.group.scores.values())) for method, row in enumerate(rows)}
    known = {method: score for method, score in first.items() if score.answers is not None}
    if not known:
        return None
    views = spread(_views(next(iter(known.values()))), VIEWS)
    chosen = list(worst[: max(1, NUMBERS // (len(known) * len(views)))])
    images = [(i, int(view)) for i in chosen[: IMAGES // len(views)] for view in views]
    return {
        "views": views.tolist(),
        "objects": chosen,
        "methods": {method: _of_method(score, chosen, views, pictures) for method, score in known.items()},
        "pictures": pictures.views(images),
    }


def _of_method(score: Score, objects: Sequence[int], views: Codes, pictures: Pictures) -> dict[str, Any]:
    """Return the names of the classes, and for each object the predicted classes and the degrees of its views."""
    answers = score.answers
    assert answers is not None
    rows = np.array(objects)[:, None] * _views(score) + views
    degrees = whole(answers.degrees)[rows].tolist() if answers.degrees else None
    names = [pictures.class_names.get(synset, synset) for synset in answers.classes]
    return {"classes": names, "predicted": whole(answers.predicted)[rows].tolist(), "degrees": degrees}


def counted(score: Score, synsets: Sequence[str]) -> Codes:
    """Count a score's views by true and predicted class: (classes, classes)."""
    answers = score.answers
    assert answers is not None
    numbers = np.array([synsets.index(name) for name in answers.classes])
    true, predicted = numbers[whole(answers.true)], numbers[whole(answers.predicted)]
    counts: Codes = np.zeros((len(synsets),) * 2, np.int64)
    np.add.at(counts, (np.repeat(true, _views(score)), predicted), 1)
    return counts


def _views(score: Score) -> int:
    """Number of views of an object that have predictions."""
    assert score.answers is not None
    return len(whole(score.answers.predicted)) // len(whole(score.answers.true))


def clustered(counts: Codes) -> Codes:
    """Return an order of the classes (n,) in which those that are often confused are near each other."""
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    distances = 1 - (shares + shares.T) / 2
    np.fill_diagonal(distances, 0)
    tree = linkage(squareform(distances, checks=False), "average", optimal_ordering=True)
    return leaves_list(tree).astype(np.int64)


def whole(text: str) -> Codes:
    """Unpack whole numbers (n,)."""
    return np.rint(unpack(text)).astype(np.int64)


def _sparse(counts: Codes) -> list[list[int]]:
    return [[int(i), int(j), int(counts[i, j])] for i, j in zip(*np.nonzero(counts), strict=True)]


def _answered(scores: Mapping[int, Sequence[Score]]) -> list[Any]:
    """Return the scores that have predictions."""
    return [score for own in scores.values() for score in own if score.answers is not None]
