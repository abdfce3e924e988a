"""Nonlinear probes, solved to their optimum: ridge regression on features and on random Fourier features of them.

Rahimi and Recht (2007), "Random features for large-scale kernel machines": cos(x W + b) with W normal and b uniform
approximates a Gaussian kernel. Targets of single views are the class, the pose and the factors. For pairs, a regression
on the Fourier features of both views is added to the prediction that is composed from the two views.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from iebench.manifests.factors import FactorGroup

from .. import metrics
from ..fitting.context import Context, Split, Values, probe
from ..fitting.heads import Predictions
from ..fitting.solving import Array, Codes, Result, Targets, Train, Views, by_part, most_views, solve
from ..protocol import Kernel
from ..statistics.metric_info import MetricInfo
from ..statistics.metrics import top_k
from ..statistics.regularisation import Regularisation
from . import classification
from .composing import measured, of_pair, of_pairs, of_views

CLASS = "class"
SPREAD = 0.5  # deviation of the Fourier features' phases, over views whose features have variance 1


def declared(groups: Sequence[FactorGroup]) -> dict[str, MetricInfo]:
    """Describe the metrics."""
    views = metrics.classification.KERNEL | metrics.rotation.POSE
    return views | metrics.rotation.ROTATION | metrics.factor_regression.nonlinear(groups)


@probe("kernel", metrics=declared)
def kernel(context: Context) -> Values:
    """Measure kernel_top1, pose_*, rotation_* and FACTOR_r2 per part."""
    settings = context.protocol.kernel
    if settings is None:
        return {}
    views, pairs = of_views(context), of_pairs(context)
    return by_part(context, [lambda part: _solved(context, settings, views, pairs, part)])


def _solved(context: Context, settings: Kernel, of_view: Targets, of_two: Targets, part: str) -> Callable[[], Result]:
    """Solve the regressions of single views, then of pairs. of_view, of_two : their targets"""
    columns, classes = context.parts[part], np.unique(context.train.labels)
    lifted = beside(fourier(context, columns.stop - columns.start, settings.units))
    codes = np.eye(len(classes))

    def labels(split: Split, rows: Codes) -> Array:
        return codes[classification.class_indices(classes, split.labels[rows])]

    views = Train.of(context, part, most_views(context, part), lifted)
    targets = classification.class_indices(classes, context.train.labels[views.tuning.rows])
    misses = {CLASS: lambda outputs: 1 - top_k(outputs, targets, 1)}
    single = solve(views, {CLASS: labels, **of_view}, settings.ridge, losses=misses)
    train, val = (Views(context, part, s, np.arange(len(s.labels)), lifted) for s in (context.train, context.val))
    rows, objects = context.val.evaluation_rows(1, context.protocol.val_views == "all")
    logits, penalty = val.predictions(single[CLASS].final)[rows[:, 0]], single.pop(CLASS).chosen
    known = Known(
        train.all_predictions({name: solution.before for name, solution in single.items()}),
        train.all_predictions({name: solution.final for name, solution in single.items()}),
        val.all_predictions({name: solution.final for name, solution in single.items()}),
    )
    pairs, added = _pairs(context, settings, of_two, part, known)
    chosen = {"kernel": penalty, **{f"{name} (view)": solution.chosen for name, solution in single.items()}, **added}

    def measure() -> Result:
        predictions = Predictions(logits[None], rows, objects, part, (None,))
        values = classification.kernel_task(context).measure(predictions)
        return values | measured(context, part, known.val, {"pose": "pose", "rotation": "rotation"}, "", pairs), chosen

    return measure


@dataclass(frozen=True)
class Known:
    """Predictions for all single views by name, (n, c) each.

    before, final : for train, by regressions on the training objects, and on all train objects
    """

    before: dict[str, Array]
    final: dict[str, Array]
    val: dict[str, Array]


def _pairs(
    context: Context, settings: Kernel, targets: Targets, part: str, known: Known
) -> tuple[dict[str, Array], dict[str, Regularisation]]:
    """Return predictions for val's pairs (k, c) by name, and the penalties of the regressions on pairs."""
    train, columns = context.train, context.parts[part]
    lifted = fourier(context, 2 * (columns.stop - columns.start), settings.pair_units)
    every = np.sort(np.concatenate([context.training_objects, context.tuning_objects]))
    rows = [
        train.pairs_of(objects, settings.pairs)[0]
        for objects in (context.training_objects, context.tuning_objects, every)
    ]
    before, final = (
        {name: partial(_residuals, context, known=views, name=name, of=of) for name, of in targets.items()}
        for views in (known.before, known.final)
    )
    some = Train(*(Views(context, part, train, own, lifted) for own in rows))
    solved = solve(some, before, settings.ridge, final=final)
    val = Views(context, part, context.val, context.val.evaluation_rows(2, every=False)[0], lifted)
    predictions = {
        n: of_pair(context, known.val, n, val.rows) + val.predictions(solution.final) for n, solution in solved.items()
    }
    return predictions, {name: solution.chosen for name, solution in solved.items()}


def _residuals(
    context: Context, split: Split, rows: Codes, known: dict[str, Array], name: str, of: Callable[[Split, Codes], Array]
) -> Array:
    """Return the residuals of composed predictions for pairs of rows (k, 2)."""
    return of(split, rows) - of_pair(context, known, name, rows)


def fourier(context: Context, width: int, units: int) -> Callable[[Tensor], Tensor]:
    """Return random Fourier features of inputs (b, width) of variance 1: (b, units). The probes' seed draws them."""
    generator = np.random.default_rng([context.seed, width, units])
    weights = torch.from_numpy(generator.normal(0, SPREAD / np.sqrt(width), (width, units))).to(context.device)
    phases = torch.from_numpy(generator.uniform(0, 2 * np.pi, units)).to(context.device)
    return lambda inputs: torch.cos(inputs @ weights + phases)


def beside(lifted: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Concatenate the inputs and their `lifted` features."""
    return lambda inputs: torch.cat([inputs, lifted(inputs)], dim=1)
