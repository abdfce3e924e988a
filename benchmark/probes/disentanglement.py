"""Axes: how well single columns represent single one-dimensional factors, by MIG and DCI.

Two things are fitted on train: the two columns with the most information about a factor, and a linear reader per
factor. Val measures them. Columns are always standardised, whatever the protocol says. The statistics are in
statistics/disentanglement.py. With more than WIDE columns, SIDE train views, evenly spread, are used for fitting, and
memory grows with their number.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iebench.manifests.conventions import circle

from ..data.rows import spread
from ..fitting.columns import Columns, Turn
from ..fitting.context import Context, Split, Values, probe
from ..fitting.standardise import Standardiser
from ..metrics.disentanglement import AXES
from ..metrics.targets import numbers
from ..statistics import ridge
from ..statistics.disentanglement import Alignment, Gap, information, joint
from ..statistics.ridge import SIDE, WIDE, Few, Sums, columns_of
from .classification import class_indices

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
BINS = 10  # of a column, and of a numeric factor; each holds equally many train views
INNER = np.linspace(0, 1, BINS + 1)[1:-1]
ROWS = 20_000  # train views, evenly spread, that determine bins and the most informative columns


@probe("axes", metrics=AXES)
def axes(context: Context) -> Values:
    """Measure mig, dci_disentanglement and dci_completeness per part; the floors are those of a randomly rotated part.

    A rotated part has the same information, but no meaningful columns. Left out with fewer than two factors or columns.
    """
    factors = factors_of(context)
    if not context.protocol.axes or len(factors) < 2:
        return {}
    own = context.protocol.features == "standardised"
    standardiser = context.standardiser if own else Standardiser.of(context.train.features)
    values: Values = {}
    for part, columns in context.parts.items():
        width = columns.stop - columns.start
        if width > 1:
            plain = Columns(standardiser, columns, None)
            reader = Reader.of(context, factors, plain)
            scores = statistics(context, factors, plain, reader)
            floor = statistics(context, factors, replace(plain, turn=Turn.of(width)), reader)
            values[part] = {name: context.bootstrap.measure(scores[name], floor[name]) for name in scores}
    return values


@dataclass(frozen=True)
class Factor:
    """A factor, with its moments and bins on train.

    classes : labels of the class, else empty; ends : boundaries of bins; turn : period of a circular factor
    mean, scale : moments of the reader's target
    """

    name: str
    classes: Codes
    ends: Array
    turn: float | None
    mean: Array
    scale: float

    @property
    def states(self) -> int:
        """Number of states; for the class one more than the classes, for classes that train does not have."""
        return (len(self.classes) or BINS - 1) + 1

    def state(self, split: Split, rows: Codes) -> Codes:
        """Return the states (n,) of rows (n,)."""
        if not len(self.classes):
            return np.searchsorted(self.ends, split.latents[self.name][rows], side="right")
        indices = class_indices(self.classes, split.labels[rows])
        return np.where(indices < 0, len(self.classes), indices)

    def target(self, split: Split, rows: Codes) -> Array:
        """Return the reader's target: one-hot classes, sine and cosine, or the number, centred: (n, t).

        The variances of the t columns over train sum to 1.
        """
        return (self._raw(split, rows) - self.mean) / self.scale

    def _raw(self, split: Split, rows: Codes) -> Array:
        if len(self.classes):
            return np.eye(self.states)[self.state(split, rows)][:, :-1]
        values = split.latents[self.name][rows]
        if self.turn is None:
            return values[:, None]
        return np.stack(circle(values, self.turn), axis=1)

    @staticmethod
    def of(context: Context, name: str) -> "Factor | None":
        """Make a factor from the train views in `sample`; None if its values are all equal."""
        train, rows = context.train, sample(context.train)
        classes, ends = np.unique(train.labels) if name == "class" else np.empty(0, np.int64), np.empty(0)
        if name != "class":
            ends = np.quantile(train.latents[name][rows], INNER)
        bare = Factor(name, classes, ends, context.turns.get(name), np.zeros(1), 1.0)
        raw = bare._raw(train, rows)
        spread = float(raw.var(0).sum())
        if spread <= 1e-12 * float((raw**2).mean(0).sum()):
            return None
        return Factor(name, classes, ends, bare.turn, raw.mean(0), spread**0.5)


def factors_of(context: Context) -> list[Factor]:
    """Return the class and the one-dimensional latents that train has and that vary."""
    known = ["class", *(name for name in numbers(context.groups) if context.train.has([name]))]
    candidates = [Factor.of(context, name) for name in known]
    return [factor for factor in candidates if factor is not None]


def gap_tables(context: Context, factors: list[Factor], columns: Columns) -> list[NDArray[np.uint16]]:
    """Count each factor's states in the bins of the two columns that are most informative on train; see `Gap`."""
    train, val = context.train, context.val
    rows = sample(train) if columns.width <= WIDE else spread(len(train.labels), SIDE)
    states = [factor.state(train, rows) for factor in factors]
    ends, known = [], []
    for values in columns_of(columns.held(train, rows)):
        ends.append(np.quantile(values, INNER, axis=0))
        seen = _bins(ends[-1], values)
        tables = (joint(state, seen, factor.states, BINS) for state, factor in zip(states, factors, strict=True))
        known.append(np.stack([information(table) for table in tables]))
    return _met(val, factors, columns, np.concatenate(ends, axis=1), np.concatenate(known, axis=1))


def _met(val: Split, factors: list[Factor], columns: Columns, ends: Array, known: Array) -> list[NDArray[np.uint16]]:
    """Count states in bins of the most informative columns; ends : (BINS - 1, D), known : (factors, D)."""
    best = [np.argsort(-row, kind="stable")[:2] for row in known]
    blocks = []
    for block in columns.blocks(val, np.arange(val.objects)):
        shown = columns(val, block)
        blocks.append([_bins(ends[:, two], shown[:, two]).astype(np.uint8) for two in best])
    every = np.arange(len(val.labels))
    return [
        _by_object(val, factor, factor.state(val, every), np.concatenate(bins))
        for factor, bins in zip(factors, zip(*blocks, strict=True), strict=True)
    ]


def _by_object(val: Split, factor: Factor, states: Codes, bins: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Count states (n,) in bins (n, 2), object by object: (2, objects, states, BINS)."""
    shape = val.objects, factor.states, BINS
    cells = (val.image_objects * factor.states + states)[:, None] * BINS + bins
    counts = [np.bincount(cell, minlength=int(np.prod(shape))).astype(np.uint16) for cell in cells.T]
    return np.stack(counts).reshape(2, *shape)


@dataclass(frozen=True)
class Reader:
    """Linear readers of all factors, fitted on columns without rotation.

    weights : (D, t) for each factor; training : sums or rows that they were fitted on
    """

    weights: list[Array]
    training: Sums | Few

    @staticmethod
    def of(context: Context, factors: list[Factor], columns: Columns) -> "Reader":
        """Fit by ridge regression on train; the tuning objects select a penalty for each factor."""
        train = context.train

        def known(objects: Codes) -> Iterator[tuple[Array, Array]]:
            for rows in columns.blocks(train, objects):
                yield columns(train, rows), _targets(factors, train, rows)

        if not len(context.training_objects):
            raise ValueError("no train objects to learn from")
        if columns.width <= WIDE:
            training, tuning = (
                Sums.of(known(o)) if len(o) else None for o in (context.training_objects, context.tuning_objects)
            )
            assert training is not None
            return Reader(ridge.fits(training, tuning, _slices(factors)), training)
        few = [
            objects[spread(len(objects), max(1, SIDE // train.views))]
            for objects in (context.training_objects, context.tuning_objects)
        ]
        own, others = (Few.of(known(objects)) if len(objects) else None for objects in few)
        assert own is not None
        return Reader(ridge.fits(own, others, _slices(factors)), own)

    def of_turned(self, turn: Turn | None) -> tuple[list[Array], Array]:
        """Return the weights of the same readers for rotated columns, and these columns' mean squares (D,).

        The predictions are the same. Since all columns are standardised, a new fit would give the same weights.
        """
        weights = self.weights if turn is None else [turn(own.T).T for own in self.weights]
        return weights, self.training.mean_squares(turn)


def importances(context: Context, factors: list[Factor], columns: Columns, reader: Reader) -> list[NDArray[np.float32]]:
    """Loss of each factor's reader without a column, summed over each val object's views: (objects, D).

    The loss is the squared error in units of the factor's variance. The removed column is replaced by its value in a
    random train view, and the expectation is taken: 2 w r x + w^2 (x^2 + mean of x^2 over train) for weight w and
    residual r. This is the permutation importance of Breiman (2001), exact.
    """
    val, (weights, squares) = context.val, reader.of_turned(columns.turn)
    losses: list[list[NDArray[np.float32]]] = [[] for _ in factors]
    for rows in columns.blocks(val, np.arange(val.objects)):
        x, y = columns(val, rows), _targets(factors, val, rows)
        for blocks, own, where in zip(losses, weights, _slices(factors), strict=True):
            residual = y[:, where] - x @ own
            lost = 2 * x * (residual @ own.T) + (own**2).sum(1) * (x**2 + squares)
            blocks.append(lost.reshape(-1, val.views, lost.shape[1]).sum(1).astype(np.float32))
    return [np.concatenate(blocks) for blocks in losses]


def statistics(context: Context, factors: list[Factor], columns: Columns, reader: Reader) -> dict[str, Gap | Alignment]:
    """Return the statistics of the probe by metric, for the bootstrap."""
    views, sums = context.val.views, importances(context, factors, columns, reader)
    return {
        "mig": Gap(views, gap_tables(context, factors, columns)),
        "dci_disentanglement": Alignment(views, sums, "disentanglement"),
        "dci_completeness": Alignment(views, sums, "completeness"),
    }


def _targets(factors: list[Factor], split: Split, rows: Codes) -> Array:
    """Return the targets of all factors' readers side by side: (n, sum of t)."""
    return np.concatenate([factor.target(split, rows) for factor in factors], axis=1)


def _slices(factors: list[Factor]) -> list[slice]:
    """Return the slice of `_targets` of each factor."""
    ends = np.cumsum([len(factor.mean) for factor in factors])
    return [slice(int(end) - len(factor.mean), int(end)) for factor, end in zip(factors, ends, strict=True)]


def sample(split: Split) -> Codes:
    """Return ROWS rows of a split, evenly spread, or all of them if there are fewer."""
    count = len(split.labels)
    return np.arange(count) if count <= ROWS else np.linspace(0, count - 1, ROWS).astype(np.int64)


def _bins(ends: Array, values: NDArray[np.floating[Any]]) -> Codes:
    """Return the bins of columns: ends (BINS - 1, D), values (n, D) -> (n, D)."""
    pairs = zip(ends.T, values.T, strict=True)
    return np.stack([np.searchsorted(end, column, side="right") for end, column in pairs], axis=1)
