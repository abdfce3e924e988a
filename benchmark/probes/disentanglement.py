"""Axes: how far single columns stand for single one-dimensional factors, by MIG and DCI.

What is learnt is learnt on train, namely which two columns know most of a factor, and a linear reader of each; val
measures it. Columns are standardised whatever the protocol says. The statistics are `alignment.py`'s. Of more than WIDE
columns SIDE train views, evenly spread, are learnt from, in memory that goes with their number.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.rows import spread
from ..fitting.columns import Columns, Turn
from ..fitting.context import Context, Split, Values, probe
from ..fitting.standardise import Standardiser
from ..statistics import ridge
from ..statistics.disentanglement import Alignment, Gap, information, joint
from ..statistics.ridge import SIDE, WIDE, Few, Sums, columns_of
from .classification import place

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
LATENTS = ("floor_hue", "light_hue", "light_theta", "light_phi")  # one number each
BINS = 10  # of a column, and of a factor that is a number; alike in how many train views they hold
INNER = np.linspace(0, 1, BINS + 1)[1:-1]
ROWS = 20_000  # train views, evenly spread, that say where bins end and which columns know most


@probe("axes")
def axes(context: Context) -> Values:
    """mig, dci_disentanglement and dci_completeness of each part; the floors are the same part turned at random.

    A turned part knows as much, and no column of it means anything. Left out with fewer than two factors or columns.
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
            found = statistics(context, factors, plain, reader)
            floor = statistics(context, factors, replace(plain, turn=Turn.of(width)), reader)
            values[part] = {name: context.bootstrap.measure(found[name], floor[name]) for name in found}
    return values


@dataclass(frozen=True)
class Factor:
    """A factor as train shows it.

    classes : of the class, else empty; ends : where bins end; turn : of a factor on a circle
    mean, scale : of what a reader is asked
    """

    name: str
    classes: Codes
    ends: Array
    turn: float | None
    mean: Array
    scale: float

    @property
    def states(self) -> int:
        """How many states it is told apart in; one more than the classes, for those that train has not."""
        return (len(self.classes) or BINS - 1) + 1

    def state(self, split: Split, rows: Codes) -> Codes:
        """The states (n,) of rows (n,)."""
        if not len(self.classes):
            return np.searchsorted(self.ends, split.latents[self.name][rows], side="right")
        found = place(self.classes, split.labels[rows])
        return np.where(found < 0, len(self.classes), found)

    def target(self, split: Split, rows: Codes) -> Array:
        """What a reader is asked: one-hot classes, sine and cosine, or the number, centred: (n, t).

        The variances of the t columns over train add up to 1.
        """
        return (self._raw(split, rows) - self.mean) / self.scale

    def _raw(self, split: Split, rows: Codes) -> Array:
        if len(self.classes):
            return np.eye(self.states)[self.state(split, rows)][:, :-1]
        values = split.latents[self.name][rows]
        if self.turn is None:
            return values[:, None]
        angle = values * (2 * np.pi / self.turn)
        return np.stack([np.sin(angle), np.cos(angle)], axis=1)

    @staticmethod
    def of(context: Context, name: str) -> "Factor | None":
        """From the train views that `sample` gives; None where they are all alike."""
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
    """The class and the numbers that train has and varies."""
    known = ["class", *(name for name in LATENTS if context.train.has([name]))]
    found = [Factor.of(context, name) for name in known]
    return [factor for factor in found if factor is not None]


def gap_tables(context: Context, factors: list[Factor], columns: Columns) -> list[NDArray[np.uint16]]:
    """How often each factor's states meet the bins of the two columns that know most of it on train: see `Gap`."""
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
    """Counts of states in bins of the columns that know most; ends : (BINS - 1, D), known : (factors, D)."""
    best = [np.argsort(-one, kind="stable")[:2] for one in known]
    found = []
    for block in columns.blocks(val, np.arange(val.objects)):
        shown = columns(val, block)
        found.append([_bins(ends[:, two], shown[:, two]).astype(np.uint8) for two in best])
    every = np.arange(len(val.labels))
    return [
        _by_object(val, factor, factor.state(val, every), np.concatenate(bins))
        for factor, bins in zip(factors, zip(*found, strict=True), strict=True)
    ]


def _by_object(val: Split, factor: Factor, states: Codes, bins: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """How often states (n,) meet bins (n, 2), object by object: (2, objects, states, BINS)."""
    shape = val.objects, factor.states, BINS
    cells = (val.image_objects * factor.states + states)[:, None] * BINS + bins
    counts = [np.bincount(cell, minlength=int(np.prod(shape))).astype(np.uint16) for cell in cells.T]
    return np.stack(counts).reshape(2, *shape)


@dataclass(frozen=True)
class Reader:
    """Linear readers of all factors, from columns that are not turned.

    weights : of each factor (D, t); learners : what was learnt from
    """

    weights: list[Array]
    learners: Sums | Few

    @staticmethod
    def of(context: Context, factors: list[Factor], columns: Columns) -> "Reader":
        """By ridge regression on train; the tuning objects choose a penalty for each factor."""
        train = context.train

        def known(objects: Codes) -> Iterator[tuple[Array, Array]]:
            for rows in columns.blocks(train, objects):
                yield columns(train, rows), _targets(factors, train, rows)

        if not len(context.learners):
            raise ValueError("no train objects to learn from")
        if columns.width <= WIDE:
            learners, tuners = (Sums.of(known(o)) if len(o) else None for o in (context.learners, context.tuners))
            assert learners is not None
            return Reader(ridge.fits(learners, tuners, _places(factors)), learners)
        few = [
            objects[spread(len(objects), max(1, SIDE // train.views))] for objects in (context.learners, context.tuners)
        ]
        own, others = (Few.of(known(objects)) if len(objects) else None for objects in few)
        assert own is not None
        return Reader(ridge.fits(own, others, _places(factors)), own)

    def of_turned(self, turn: Turn | None) -> tuple[list[Array], Array]:
        """The weights of the same reader of turned columns, and these columns' mean squares (D,).

        It answers the same. All columns being standardised, so does a fit.
        """
        weights = self.weights if turn is None else [turn(own.T).T for own in self.weights]
        return weights, self.learners.mean_squares(turn)


def importances(context: Context, factors: list[Factor], columns: Columns, reader: Reader) -> list[NDArray[np.float32]]:
    """What each factor's reader loses without a column, summed over each val object's views: (objects, D).

    Its loss is the squared error in units of the factor's variance; without a column it is given that column of some
    train view, drawn at random, whose expectation is taken: 2 w r x + w^2 (x^2 + mean of x^2 over train) for weight w
    and residual r. This is the permutation importance of Breiman (2001), exact.
    """
    val, (weights, squares) = context.val, reader.of_turned(columns.turn)
    found: list[list[NDArray[np.float32]]] = [[] for _ in factors]
    for rows in columns.blocks(val, np.arange(val.objects)):
        x, y = columns(val, rows), _targets(factors, val, rows)
        for one, own, where in zip(found, weights, _places(factors), strict=True):
            residual = y[:, where] - x @ own
            lost = 2 * x * (residual @ own.T) + (own**2).sum(1) * (x**2 + squares)
            one.append(lost.reshape(-1, val.views, lost.shape[1]).sum(1).astype(np.float32))
    return [np.concatenate(one) for one in found]


def statistics(context: Context, factors: list[Factor], columns: Columns, reader: Reader) -> dict[str, Gap | Alignment]:
    """What the probe measures, by metric, ready to be resampled."""
    views, sums = context.val.views, importances(context, factors, columns, reader)
    return {
        "mig": Gap(views, gap_tables(context, factors, columns)),
        "dci_disentanglement": Alignment(views, sums, "disentanglement"),
        "dci_completeness": Alignment(views, sums, "completeness"),
    }


def _targets(factors: list[Factor], split: Split, rows: Codes) -> Array:
    """What the readers of all factors are asked, side by side: (n, sum of t)."""
    return np.concatenate([factor.target(split, rows) for factor in factors], axis=1)


def _places(factors: list[Factor]) -> list[slice]:
    """Which of `_targets` are whose."""
    ends = np.cumsum([len(factor.mean) for factor in factors])
    return [slice(int(end) - len(factor.mean), int(end)) for factor, end in zip(factors, ends, strict=True)]


def sample(split: Split) -> Codes:
    """ROWS views of a split, evenly spread, or all of them."""
    count = len(split.labels)
    return np.arange(count) if count <= ROWS else np.linspace(0, count - 1, ROWS).astype(np.int64)


def _bins(ends: Array, values: NDArray[np.floating[Any]]) -> Codes:
    """Bins of columns: ends (BINS - 1, D), values (n, D) -> (n, D)."""
    pairs = zip(ends.T, values.T, strict=True)
    return np.stack([np.searchsorted(end, column, side="right") for end, column in pairs], axis=1)
