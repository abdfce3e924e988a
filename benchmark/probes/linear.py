"""Linear probes of single views, solved to their optimum, so that they do not depend on steps, seeds or orders.

Ridge regression predicts the pose and every factor of a view, logistic regression its class. Rotations and changes
between two views are composed from the predictions for each.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from iebench.manifests.factors import FactorGroup

from .. import metrics
from ..fitting.context import Context, Values, probe
from ..fitting.heads import Predictions
from ..fitting.solving import Codes, Result, Targets, Train, Views, by_part, most_views, solve
from ..protocol import Linear
from ..statistics.logistic import Logistic, Optimum
from ..statistics.metric_info import MetricInfo
from ..statistics.metrics import top_k
from ..statistics.regularisation import Regularisation
from ..statistics.spectrum import LinearFit, Spectrum
from . import classification
from .composing import POSE, measured, of_views

PATIENCE = 2  # weaker penalties to try after the best one


def declared(groups: Sequence[FactorGroup]) -> dict[str, MetricInfo]:
    """Describe the metrics."""
    views = metrics.classification.LINEAR | metrics.rotation.POSE_LINEAR
    return views | metrics.rotation.ROTATION_COMPOSED | metrics.factor_regression.composed(groups)


@probe("linear", metrics=declared)
def linear(context: Context) -> Values:
    """Measure top1 and top5, pose_linear_*, rotation_composed_* and FACTOR_composed_r2 per part."""
    settings = context.protocol.linear
    if settings is None:
        return {}
    targets = of_views(context)
    kinds = lambda part: _classify(context, settings, part), lambda part: _regress(context, settings, targets, part)
    return by_part(context, kinds)


def _regress(context: Context, settings: Linear, targets: Targets, part: str) -> Callable[[], Result]:
    """Solve ridge regressions of all targets of single views; pairs are composed from them."""
    solved = solve(Train.of(context, part, most_views(context, part)), targets, settings.ridge)
    val = Views(context, part, context.val, np.arange(len(context.val.labels)))
    predictions = val.all_predictions({name: solution.final for name, solution in solved.items()})
    names = {"pose": "pose_linear", "rotation": "rotation_composed"}
    chosen = {
        "pose_linear" if name == POSE else f"{name}_composed": solution.chosen for name, solution in solved.items()
    }
    return lambda: (measured(context, part, predictions, names, "_composed"), chosen)


def _classify(context: Context, settings: Linear, part: str) -> Callable[[], Result]:
    """Solve the multinomial logistic regression of the class."""
    columns = context.parts[part]
    most = min(most_views(context, part), settings.numbers // (columns.stop - columns.start))
    train = Train.of(context, part, most)
    classes = np.unique(context.train.labels)
    first, last = (_regression(views, classes) for views in (train.training, train.every))
    best, near = _chosen(first, train.tuning, classes, settings)
    optimum = last.constant() if math.isinf(best) else next(last.path([best], settings.gradient, near.fit))
    rows, objects = context.val.evaluation_rows(1, context.protocol.val_views == "all")
    logits = Views(context, part, context.val, rows[:, 0]).predictions(optimum.fit)
    predictions = Predictions(logits[None], rows, objects, part, (None,))
    reached = optimum.gradient <= settings.gradient
    chosen = Regularisation.of([math.inf, *settings.logistic], best, optimum.iterations, reached)
    return lambda: (classification.linear_task(context).measure(predictions), {"classification": chosen})


def _regression(views: Views, classes: Codes) -> Logistic:
    inputs = torch.cat(list(views.blocks()))
    return Logistic(Spectrum.of(lambda: iter([inputs])), inputs, _labels(views, classes), len(classes))


def _labels(views: Views, classes: Codes) -> Tensor:
    return torch.from_numpy(classification.class_indices(classes, views.split.labels[views.rows])).to(
        views.context.device
    )


def _chosen(regression: Logistic, tuning: Views, classes: Codes, settings: Linear) -> tuple[float, Optimum]:
    """Select the penalty with the fewest errors on the tuning views, the strongest of equals; returns its solution too.

    A penalty is selected only if its loss is below that of the constant prediction, so that chance hits do not count.
    Penalties are tried in falling order, until the loss reaches that of the constant prediction, or until PATIENCE
    penalties in a row do not reduce the errors.
    """
    labels = classification.class_indices(classes, tuning.split.labels[tuning.rows])
    targets = torch.from_numpy(labels)

    def errors(fit: LinearFit) -> tuple[float, float]:
        logits = tuning.predictions(fit)
        return float(F.cross_entropy(torch.from_numpy(logits), targets)), 1 - float(top_k(logits, labels, 1).mean())

    best = math.inf, regression.constant()
    if not len(labels):
        return best
    (constant, least), since = errors(best[1].fit), 0
    path = regression.path(settings.logistic, settings.gradient, dtype=torch.float32)
    for penalty, optimum in zip(settings.logistic, path, strict=True):
        loss, missed = errors(optimum.fit)
        since = 0 if missed < least else since + 1
        if loss >= constant or since == PATIENCE:
            break
        if missed < least:
            best, least = (penalty, optimum), missed
    return best
