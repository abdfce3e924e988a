"""Queries to predictors with the retrieved views, for the page's script."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ..ranking.board import Row
from .pictures import Pictures

PICTURED = 400  # views with an image, at most, such as 8 objects of 50 views; sources and targets have one always


def queries(rows: Sequence[Row], pictures: Pictures) -> dict[str, Any]:
    """Return each method's queries with the retrieved views, and images and poses; of the first training seed.

    every : lists [object][source][target without the source] of the retrieved views and the targets' ranks

    Raises
    ------
    NotComparable : a query is about an object or a view that the dataset does not have.
    """
    examples: dict[int, list[dict[str, Any]]] = {}
    every: dict[int, dict[str, Any]] = {}
    shown: list[tuple[int, int]] = []  # (object, view): sources, targets, and all views of the examples
    retrieved: list[tuple[int, int]] = []
    for method, row in enumerate(rows):
        path, score = next(iter(row.group.scores.items()))
        for example in score.examples:
            i = pictures.index(example, path)
            shown += [(i, view) for view in (example.source, example.target, example.found)]
            examples.setdefault(method, []).append(
                {"object": i, "source": example.source, "target": example.target, "retrieved": example.found,
                 "rank": example.rank, "among": score.dataset.views - 1}
            )  # fmt: skip
        if (stored := score.retrievals) is not None:
            numbers, ranks = stored.lists()
            own = [
                pictures.number(*name, [*stored.views, int(numbers[k].max())], path)
                for k, name in enumerate(stored.objects)
            ]
            shown += [(i, view) for i in own for view in stored.views]
            retrieved += [(i, view) for k, i in enumerate(own) for view in numbers[k].ravel().tolist()]
            every[method] = {"objects": own, "views": stored.views, "retrieved": numbers.tolist(),
                             "ranks": ranks.tolist(), "among": score.dataset.views - 1}  # fmt: skip
    needed, often = dict.fromkeys(shown), [view for view, _ in Counter(retrieved).most_common()]
    return {
        "methods": examples,
        "every": every,
        "poses": pictures.poses(shown),
        "pictures": pictures.views(list(dict.fromkeys([*needed, *often]))[: max(PICTURED, len(needed))]),
    }
