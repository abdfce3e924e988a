"""Transfer: linear probes trained on views of one kind and measured on views of another kind, as cells of a matrix.

Held out are, in turn, half of the range of a factor, half of the classes, and the val objects themselves. Datasets in
which factors vary alone (3diebench-one-factor) have two more matrices: class and pose by the factor that varies.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from iebench.manifests.brief import few

from ...fitting.context import Context, Split, Values, probe
from ...fitting.solving import Array, Codes, Train, Views, most_views, solve
from ...metrics.geometry.transfer import CLASS, CLASSES, MESHES, POSE, across_of, drop_of, transfer_of, transfers
from ...statistics.bootstrap import Counts, Estimate, Mean, Statistic
from ...statistics.explained import R2, varying
from ...statistics.metric_info import WHOLE
from ...statistics.metrics import top_k
from ...statistics.spectrum import LinearFit
from ..classification import class_indices
from ..composing import of_views
from .sensitivity import alone_in

Mask = NDArray[np.bool_]
SHOWN = 8  # names of divisions in a note


@dataclass(frozen=True)
class Target:
    """A quantity to predict from a view. of : (split, rows) -> (n, c); kept : components that vary, all of the class"""

    name: str
    of: Callable[[Split, Codes], Array]
    kept: Codes

    def statistic(self, split: Split, rows: Codes, outputs: Array) -> Statistic:
        """Return the share of right classes, or R2 averaged over components: outputs (n, c) for some rows (n,)."""
        truth, objects = self.of(split, rows), rows // split.views
        if self.name == CLASS:
            return Mean.of(top_k(outputs, _positions(truth), 1), objects)
        return R2.of(truth[:, self.kept], outputs[:, self.kept], objects, pooled=False)

    def constant(self, train: Split) -> Array:
        """Return the mean over the train views: (c,). For the class it is the frequency of each."""
        mean: Array = self.of(train, every_row(train)).mean(0)
        return mean


@dataclass(frozen=True)
class Division:
    """Two halves of the views. name : of the factor, or CLASSES; train, val : True for views of the second half"""

    name: str
    train: Mask
    val: Mask


@probe("transfer", metrics=transfers, suite="full")
def transfer(context: Context) -> Values:
    """Measure transfer_*, drop_* and across_* of the whole representation.

    The drop compares two probes: one that was trained on views of another kind, and one of views of the same kind. Both
    are measured on the same views, except for MESHES, where the second one is measured on train objects.
    """
    if context.protocol.linear is None:
        context.notes.append("transfer is not measured: the protocol has no linear probe")
        return {}
    targets = targets_of(context)
    values: dict[str, Estimate] = {}
    for division in divisions(context):
        values |= _halves(context, division, [t for t in targets if (t.name, division.name) != (CLASS, CLASSES)])
    values |= _meshes(context, targets) | _across(context, [t for t in targets if t.name in (CLASS, POSE)])
    declared = transfers(context.groups)
    return {WHOLE: {name: entry for name, entry in values.items() if name in declared}}


def targets_of(context: Context) -> list[Target]:
    """Return the class, the pose and the factors of single views that vary in both splits."""
    train, val = context.train, context.val
    targets = [Target(CLASS, partial(_codes, np.unique(train.labels)), np.arange(0))]
    for name, of in of_views(context).items():
        kept = varying(of(train, every_row(train)), of(val, every_row(val)))
        if len(kept):
            targets.append(Target(name, of, kept))
    return targets


def divisions(context: Context) -> Iterator[Division]:
    """Yield halves of each factor's range, at the median of the train views, and halves of the classes, alternately.

    A note names the divisions that are left out, with the reason.
    """
    train, val = context.train, context.val
    halves, absent = [], []
    for name in (factor.name for group in context.groups for factor in group.factors):
        if context.shows([name]):
            median = np.median(train.latents[name])
            halves.append(Division(name, train.latents[name] > median, val.latents[name] > median))
        else:
            absent.append(name)
    classes = np.unique(train.labels)
    known = bool(np.isin(val.labels, classes).all())
    if known:
        halves.append(Division(CLASSES, *(class_indices(classes, split.labels) % 2 == 1 for split in (train, val))))
    complete = {division.name: _complete(context, division) for division in halves}
    for names, reason in (
        (absent, "they do not vary in both train and val"),
        (
            [name for name, whole in complete.items() if not whole],
            "a half lacks views of val, training or tuning objects",
        ),
        ([] if known else [CLASSES], "val has classes that train lacks"),
    ):
        if names:
            listed = few(("the classes" if name == CLASSES else name for name in names), SHOWN)
            context.notes.append(f"transfer is not measured without half of {listed}: {reason}")
    yield from (division for division in halves if complete[division.name])


def _complete(context: Context, division: Division) -> bool:
    """True if both halves have views of training objects, of tuning objects and of val."""
    objects = context.train.image_objects
    kinds = [np.isin(objects, own) for own in (context.training_objects, context.tuning_objects)]
    sides = [division.val, *(division.train[kind] for kind in kinds)]
    return all(side.any() and not side.all() for side in sides)


def _halves(context: Context, division: Division, targets: Sequence[Target]) -> dict[str, Estimate]:
    """Measure probes of both halves, each on the views of the other half and of its own."""
    val, rows = context.val, every_row(context.val)
    second = division.val[:, None]
    low, high = (_predictions(context, targets, division.train == side, val, rows) for side in (False, True))
    values: dict[str, Estimate] = {}
    for target in targets:
        a, b = low[target.name], high[target.name]
        same, other = (target.statistic(val, rows, np.where(second, *each)) for each in ((b, a), (a, b)))
        values |= _cell(context, target, division.name, same, other, rows)
    return values


def _meshes(context: Context, targets: Sequence[Target]) -> dict[str, Estimate]:
    """Measure probes of train objects' even views on their odd views, and on those of val objects."""
    train, val = context.train, context.val
    known, new = (np.flatnonzero(_is_odd(split)) for split in (train, val))
    if not len(new):
        context.notes.append("transfer is not measured without meshes: it needs two views of each object")
        return {}
    fits = _fits(context, targets, ~_is_odd(train))
    on_train, on_val = (
        Views(context, WHOLE, split, rows).all_predictions(fits) for split, rows in ((train, known), (val, new))
    )
    values: dict[str, Estimate] = {}
    for target in targets:
        same = target.statistic(train, known, on_train[target.name])
        value = Constant(float(same.at(np.ones((1, train.objects), np.int64))[0]), same.samples)
        values |= _cell(context, target, MESHES, value, target.statistic(val, new, on_val[target.name]), new)
    return values


def _across(context: Context, targets: Sequence[Target]) -> dict[str, Estimate]:
    """Measure probes of views in which one factor varies alone, and of views 0, where another factor varies."""
    train, val, measure = context.train, context.val, context.bootstrap.measure
    alone, measured = alone_in(context, train.views), alone_in(context, val.views)
    values: dict[str, Estimate] = {}
    for varied, views in alone.items():
        chosen = np.isin(np.arange(len(train.labels)) % train.views, [0, *views])
        rows = every_row(val)
        outputs = _predictions(context, targets, chosen, val, rows)
        for name, own in measured.items():
            some = rows[np.isin(rows % val.views, own)]
            for target in targets:
                predicted, constant = outputs[target.name][some], target.constant(train)
                floor = target.statistic(val, some, np.broadcast_to(constant, predicted.shape))
                cell = across_of(target.name, varied, name)
                values[cell] = measure(target.statistic(val, some, predicted), floor)
    return values


def _cell(
    context: Context, target: Target, held: str, same: Statistic, other: Statistic, rows: Codes
) -> dict[str, Estimate]:
    """Return the value without what is held out, and its drop. rows : val's views on which `other` is measured"""
    constant = target.constant(context.train)
    floor = target.statistic(context.val, rows, np.broadcast_to(constant, (len(rows), len(constant))))
    return {
        transfer_of(target.name, held): context.bootstrap.measure(other, floor),
        drop_of(target.name, held): context.bootstrap.measure(Difference(same, other), 0.0),
    }


def _predictions(
    context: Context, targets: Sequence[Target], chosen: Mask, split: Split, rows: Codes
) -> dict[str, Array]:
    """Return the predictions for some rows, by probes of the chosen train views: target -> (n, c)."""
    return Views(context, WHOLE, split, rows).all_predictions(_fits(context, targets, chosen))


def _fits(context: Context, targets: Sequence[Target], chosen: Mask) -> Mapping[str, LinearFit]:
    """Solve ridge regressions of the targets on the chosen train views; tuning objects select the penalty."""
    settings = context.protocol.linear
    assert settings is not None
    every = Train.of(context, WHOLE, most_views(context, WHOLE))
    train = Train(
        *(replace(own, rows=own.rows[chosen[own.rows]]) for own in (every.training, every.tuning, every.every))
    )
    labels = _positions(_codes(np.unique(context.train.labels), context.train, train.tuning.rows))
    solved = solve(
        train, {target.name: target.of for target in targets}, settings.ridge,
        losses={CLASS: lambda outputs: 1 - top_k(outputs, labels, 1)},
    )  # fmt: skip
    return {name: solution.final for name, solution in solved.items()}


def _codes(classes: Codes, split: Split, rows: Codes) -> Array:
    """Return a 1 in the column of each row's class: rows (n,) -> (n, classes); only zeros for an unknown class."""
    codes: Array = (split.labels[rows, None] == classes).astype(np.float64)
    return codes


def _positions(codes: Array) -> Codes:
    """Return the column that is 1, or -1 if none is: codes (n, classes) -> (n,)."""
    return np.where(codes.any(1), codes.argmax(1), -1)


def every_row(split: Split) -> Codes:
    """Return the numbers of all rows of a split: (n,)."""
    return np.arange(len(split.labels))


def _is_odd(split: Split) -> Mask:
    odd: Mask = every_row(split) % split.views % 2 == 1
    return odd


@dataclass(frozen=True)
class Constant:
    """A number that does not depend on val's objects. samples : number of views behind it"""

    value: float
    samples: int

    def at(self, counts: Counts) -> Array:
        """Return the number for each bootstrap sample: counts (draws, objects) -> (draws,)."""
        return np.full(len(counts), self.value)


@dataclass(frozen=True)
class Difference:
    """Difference of two statistics of the same objects."""

    first: Statistic
    second: Statistic

    @property
    def samples(self) -> int:
        """Number of views behind the second one."""
        return self.second.samples

    def at(self, counts: Counts) -> Array:
        """Return the difference in each bootstrap sample: counts (draws, objects) -> (draws,)."""
        difference: Array = self.first.at(counts) - self.second.at(counts)
        return difference
