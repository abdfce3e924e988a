"""Maps fitted to any encoder: from a view's representation and a transformation to another view's representation.

They work in the subspace in which views of one object differ most, scaled to variance 1 of this difference.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..data.rows import spread
from ..statistics.ridge import SIDE, WIDE, Sums, columns_of, fit, gram
from .context import Context, Rows, Split
from .standardise import block_rows
from .transforms import Group

Array = NDArray[np.float64]
PAIRS_PER_BLOCK = 4_096
ROUNDING = 1e-12  # fraction of a representation's mean square; a smaller variance is rounding of float32


@dataclass(frozen=True)
class Subspace:
    """The subspace in which views of one object differ.

    mean : (D,); axes : (D, d), orthogonal, all divided by one scale.
    """

    context: Context
    part: slice
    mean: Array
    axes: Array

    @staticmethod
    def of(context: Context, part: slice, rows: Rows, dims: int) -> "Subspace":
        """Find the `dims` directions with the largest variance within objects, or fewer, from train pairs (k, 2).

        With more than WIDE columns it uses SIDE of the pairs, evenly spread, and their inner products.
        """
        width = part.stop - part.start
        if width > WIDE:
            rows = rows[spread(len(rows), SIDE)]
        steps: list[NDArray[np.float32]] = []
        moment, total, size = np.zeros((0, 0)), np.zeros(width), 0.0
        for block in _blocks(rows, 2 * width):
            first, second = _standard(context, context.train, block.T, part)
            step = second - first
            if width > WIDE:
                steps.append(step.astype(np.float32))
            else:
                moment = moment + step.T @ step if len(moment) else step.T @ step
            total, size = total + first.sum(0), size + float((first**2).sum())
        least = ROUNDING * size / len(rows)
        if width > WIDE:
            values, axes = principal(np.concatenate(steps), least * 2 * len(rows), dims)
        else:
            values, vectors = np.linalg.eigh(moment)
            kept = np.flatnonzero(values > least * 2 * len(rows))[-dims:]
            values, axes = values[kept], vectors[:, kept]
        # the variance of a view is half that of a difference
        scale = np.sqrt(values.sum() / (2 * len(rows))) if len(values) else 1.0
        return Subspace(context, part, total / len(rows), axes / scale)

    def __call__(self, split: Split, rows: Rows) -> Array:
        """Return the coordinates of views (k,) of a split: (k, d)."""
        step, flat = block_rows(len(self.mean)), np.zeros((0, self.axes.shape[1]))
        blocks = (_standard(self.context, split, rows[i : i + step], self.part) for i in range(0, len(rows), step))
        return np.concatenate([flat, *((block - self.mean) @ self.axes for block in blocks)])


def principal(rows: NDArray[np.float32], least: float, dims: int) -> tuple[Array, Array]:
    """Return the `dims` largest eigenvalues (d,) of rows.T @ rows above `least`, rising, and eigenvectors (p, d).

    rows : (n, p); their n x n inner products are decomposed
    """
    values, vectors = np.linalg.eigh(gram(rows, np.ones(rows.shape[1])))
    kept = np.flatnonzero(values > max(least, 0.0))[-dims:]
    axes = np.concatenate([part.T.astype(np.float64) @ vectors[:, kept] for part in columns_of(rows)])
    return values[kept], axes / np.sqrt(values[kept])


@dataclass(frozen=True)
class Map:
    """A fitted map. weights : (p, d) of the inputs; hidden : (m + d, h), random and fixed, or None for a linear map."""

    group: Group
    weights: Array
    hidden: Array | None

    def __call__(self, coordinates: Array, elements: Array) -> Array:
        """Map views (k, d) by elements (k, ...) of the group: (k, d)."""
        moved: Array = inputs(self.group, coordinates, elements, self.hidden) @ self.weights
        return moved


def inputs(group: Group, coordinates: Array, elements: Array, hidden: Array | None) -> Array:
    """Return the inputs of a map: products of the element's numbers with coordinates and 1, then hidden units of both.

    coordinates : (k, d); elements : (k, ...)
    returns : (k, m (d + 1)) or (k, m (d + 1) + h)
    """
    numbers = group.numbers(elements)
    extended = np.concatenate([np.ones((len(coordinates), 1)), coordinates], axis=1)
    products: Array = (numbers[:, :, None] * extended[:, None, :]).reshape(len(coordinates), -1)
    if hidden is None:
        return products
    seen = np.concatenate([numbers, coordinates], axis=1)
    both: Array = np.concatenate([products, np.maximum(seen @ hidden, 0.0)], axis=1)
    return both


def fitted(context: Context, space: Subspace, group: Group, rounds: int, units: int) -> tuple[Map, Map]:
    """Fit the best linear map, and the best one with additional hidden units (random features, Rahimi and Recht 2008).

    rounds : pairs per train object; units : number of hidden units, whose weights are the same for every encoder
    """
    dims, train = space.axes.shape[1], context.train
    numbers = group.numbers(group.between(train, train.pairs_of(np.arange(1), 1)[0])).shape[1]
    hidden = np.random.default_rng(0).normal(size=(numbers + dims, units))
    hidden[numbers:] *= np.sqrt(numbers)  # all coordinates together get the same weight as the numbers

    def sums(objects: NDArray[np.int64]) -> Sums | None:
        rows = train.pairs_of(objects, rounds)[0]
        return Sums.of(_learnt(space, group, hidden, rows)) if len(rows) else None

    training, tuning = sums(context.training_objects), sums(context.tuning_objects)
    if training is None:
        raise ValueError("no train objects to learn from")
    linear = numbers * (dims + 1)
    few = fit(training.first(linear), tuning and tuning.first(linear))
    return Map(group, few, None), Map(group, fit(training, tuning), hidden)


def _learnt(space: Subspace, group: Group, hidden: Array, rows: Rows) -> Iterator[tuple[Array, Array]]:
    train = space.context.train
    for block in _blocks(rows):
        first, second = (space(train, column) for column in block.T)
        yield inputs(group, first, group.between(train, block), hidden), second


def _blocks(rows: Rows, width: int = 1) -> list[Rows]:
    """Split pairs into blocks, for `width` numbers per pair."""
    step = min(PAIRS_PER_BLOCK, block_rows(width))
    return [rows[start : start + step] for start in range(0, len(rows), step)]


def _standard(context: Context, split: Split, rows: Rows, part: slice) -> Array:
    return context.standardiser(split.features[rows], part).astype(np.float64)
