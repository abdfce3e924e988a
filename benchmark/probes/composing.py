"""Composes predictions for single views to predictions for pairs of views.

If two views are independent given their features, the expectation of R1^-1 R2, of a difference, or of its sine and
cosine follows exactly from the expectations for the two views.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from iebench.baselines.action import ROTATION

from ..fitting.context import Context, Split
from ..fitting.heads import Predictions, Task
from ..fitting.solving import Array, Codes, Targets
from ..statistics.bootstrap import Estimate
from . import factor_regression, rotation

POSE, ROTATED = "pose", "rotation"


def of_views(context: Context) -> Targets:
    """Return targets for single views by name: the pose, and the factors that change between views of an object."""
    targets: dict[str, Callable[[Split, Codes], Array]] = {}
    if context.shows(ROTATION):
        targets[POSE] = lambda split, rows: rotation.matrices(split, rows[:, None])
    for name in moving(context):
        targets[name] = partial(factor_regression.single, context, factor=name)
    return targets


def of_pairs(context: Context) -> Targets:
    """Return targets for pairs of views by name: the rotation between them, and the change of each factor."""
    targets: dict[str, Callable[[Split, Codes], Array]] = {}
    if context.shows(ROTATION):
        targets[ROTATED] = rotation.matrices
    for name in moving(context):
        targets[name] = partial(factor_regression.moved, context, factor=name)
    return targets


def moving(context: Context) -> list[str]:
    """Return the factors that change between views of an object."""
    return [
        name for name in factor_regression.present(context) if factor_regression.task(context, name, [name]) is not None
    ]


def composed(context: Context, name: str, first: Array, second: Array) -> Array:
    """Compose predictions for two views to one for the pair: (k, c) and (k, c) -> (k, c')."""
    if name == ROTATED:
        relative: Array = np.einsum("nki,nkj->nij", first.reshape(-1, 3, 3), second.reshape(-1, 3, 3))
        return relative.reshape(-1, 9)
    return factor_regression.composed(context, name, first, second)


def of_pair(context: Context, predictions: Mapping[str, Array], name: str, rows: Codes) -> Array:
    """Compose predictions for pairs of rows (k, 2), from predictions for all views by name, (n, c) each."""
    views = predictions[POSE if name == ROTATED else name]
    return composed(context, name, views[rows[:, 0]], views[rows[:, 1]])


def measured(
    context: Context, part: str, predictions: Mapping[str, Array], names: Mapping[str, str], suffix: str,
    pairs: Mapping[str, Array] | None = None,
) -> dict[str, Estimate]:  # fmt: skip
    """Return the metrics of predictions for all val views (n, c), for single views and for pairs.

    names : prefixes of the metrics of "pose" and "rotation"; suffix : suffix of factors' names in their metrics
    pairs : predictions for val's pairs, by name; default: composed from those for views
    """
    values: dict[str, Estimate] = {}
    rows = context.val.evaluation_rows(2, every=False)[0]
    pair_names = [*([ROTATED] if POSE in predictions else []), *(name for name in predictions if name != POSE)]
    pairs = pairs or {name: of_pair(context, predictions, name, rows) for name in pair_names}

    def add(task: Task | None, outputs: Sequence[Array]) -> None:
        if task is not None:
            views = context.val.evaluation_rows(task.views, context.protocol.val_views == "all")
            values.update(task.measure(Predictions(np.concatenate(outputs, axis=1)[None], *views, part, (None,))))

    if POSE in predictions:
        singles = context.val.evaluation_rows(1, context.protocol.val_views == "all")[0][:, 0]
        add(rotation.task(context, names[POSE], 1), [predictions[POSE][singles]])
        add(rotation.task(context, names[ROTATED], 2), [pairs[ROTATED]])
    factors = [name for name in pair_names if name != ROTATED]
    if factors:
        add(factor_regression.task(context, "changes", factors, suffix), [pairs[name] for name in factors])
    return values
