"""Sensitivity: distance that a representation moves when one factor changes, relative to that between two objects.

It needs views that differ from view 0 of their object in one factor alone, as the recipe 3diebench-one-factor has them.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from iebench.manifests.factors import Factor

from ...fitting.context import Context, Split, Values, probe
from ...metrics.geometry.sensitivity import SIZES, cosine_at, sensitivities
from ...statistics.bootstrap import Counts, Estimate, Mean
from ...statistics.linearised import Linearised
from ...statistics.retrieval import unit_array
from .descriptions import NUMBERS

Array = NDArray[np.float64]
OBJECTS_PER_BLOCK = 512  # objects that are compared with all others at once


@probe("sensitivity", metrics=sensitivities, suite="full")
def sensitivity(context: Context) -> Values:
    """Measure sensitivity_FACTOR and cosine_FACTOR per part, and the cosine's curve over the size of the change.

    Features are taken as the encoder gives them. Distances between objects are those of their views 0.
    """
    val, named = context.val, sensitivities(context.groups)
    alone = {name: views for name, views in alone_in(context, val.views).items() if f"cosine_{name}" in named}
    if not alone or val.objects < 2:
        context.notes.append(
            "sensitivities are not measured: they need views that differ from view 0 in one factor alone, and two val "
            "objects, as `iebench render --recipe 3diebench-one-factor` makes them"
        )
        return {}
    sizes = {name: changes(val, factor_of(context, name), views) for name, views in alone.items()}
    return {part: _measured(context, columns, alone, sizes) for part, columns in context.parts.items()}


def alone_in(context: Context, views: int) -> dict[str, NDArray[np.int64]]:
    """Return factor -> the views that differ from view 0 in that factor alone; a factor without views is left out."""
    factors = [factor for group in context.groups for factor in group.factors if context.val.has([factor.name])]
    if not factors:
        return {}
    numbers = np.arange(views)
    own = np.stack([(factor.origins(views) == numbers) & (numbers > 0) for factor in factors])
    single = own & (own.sum(0) == 1)
    return {factor.name: np.flatnonzero(row) for factor, row in zip(factors, single, strict=True) if row.any()}


def factor_of(context: Context, name: str) -> Factor:
    """Return the factor of a name."""
    return next(factor for group in context.groups for factor in group.factors if factor.name == name)


def changes(split: Split, factor: Factor, views: NDArray[np.int64]) -> Array:
    """Return the size of the change of a factor from view 0 to some views: (objects, views), half a turn at most."""
    values = split.latents[factor.name].reshape(split.objects, split.views)
    size = np.abs(values[:, views] - values[:, :1])
    return size if factor.turn is None else np.minimum(size % factor.turn, -size % factor.turn)


def _measured(
    context: Context, columns: slice, alone: Mapping[str, NDArray[np.int64]], sizes: Mapping[str, Array]
) -> dict[str, Estimate]:
    """Measure one part; alone : views of each factor; sizes : (objects, views) of each factor."""
    val, measure = context.val, context.bootstrap.measure
    features = val.features.reshape(val.objects, val.views, -1)[..., columns]
    base = features[:, 0].astype(np.float64)
    between, alike = far_apart(base), mean_cosine(unit_array(base))
    if not between.value:
        return {}
    values: dict[str, Estimate] = {}
    for name, views in alone.items():
        distance, cosine = _from_base(features, views)
        values[f"sensitivity_{name}"] = measure(Ratio(_mean(distance), between), 0.0)
        values[f"cosine_{name}"] = measure(_mean(cosine), alike)
        for size, chosen in enumerate(by_size(cosine, sizes[name]), 1):
            values[cosine_at(size, name)] = measure(_mean(chosen), alike)
    return values


def _from_base(features: NDArray[np.float32], views: NDArray[np.int64]) -> tuple[Array, Array]:
    """Return distance and cosine between view 0 and some views: features (objects, V, D) -> (objects, views) each."""
    step = max(1, NUMBERS // (len(views) * features.shape[-1]))
    distance, cosine = np.empty((2, len(features), len(views)))
    for start in range(0, len(features), step):
        part = slice(start, start + step)
        base, moved = (features[part, chosen].astype(np.float64) for chosen in ([0], views))
        distance[part] = np.linalg.norm(moved - base, axis=-1)
        cosine[part] = (unit_array(moved) * unit_array(base)).sum(-1)
    return distance, cosine


def by_size(values: Array, sizes: Array) -> list[Array]:
    """Divide each object's values into SIZES parts by the size of the change: (objects, k) -> SIZES x (objects, n).

    [] if an object has fewer than SIZES values.
    """
    ordered = np.take_along_axis(values, np.argsort(sizes, axis=1, kind="stable"), axis=1)
    return np.array_split(ordered, SIZES, axis=1) if values.shape[1] >= SIZES else []


class Ratio:
    """Quotient of a mean and a statistic of the same objects."""

    def __init__(self, above: Mean, below: Linearised) -> None:
        self.above, self.below = above, below

    @property
    def samples(self) -> int:
        """Number of pairs of views behind it."""
        return self.above.samples

    def at(self, counts: Counts) -> Array:
        """Return the quotient of each bootstrap sample: counts (draws, objects) -> (draws,)."""
        quotient: Array = self.above.at(counts) / self.below.at(counts)
        return quotient


def far_apart(base: Array) -> Linearised:
    """Return the mean distance between two different objects: base (objects, D), one view of each."""
    scale = np.abs(base).max() or 1.0
    rows = base / scale
    squares, sums = (rows**2).sum(1), np.empty(len(rows))
    for start in range(0, len(rows), OBJECTS_PER_BLOCK):
        part = slice(start, start + OBJECTS_PER_BLOCK)
        square = squares[part, None] + squares - 2 * rows[part] @ rows.T
        square[np.arange(len(square)), np.arange(start, start + len(square))] = 0
        sums[part] = np.sqrt(np.maximum(square, 0)).sum(1)
    own = scale * sums / (len(rows) - 1)
    return Linearised.of(2 * own[:, None], float(own.mean()))


def mean_cosine(sphere: Array) -> float:
    """Return the mean cosine of two different objects: sphere (objects, D), of unit length."""
    count = len(sphere)
    return float(((sphere.sum(0) ** 2).sum() - (sphere**2).sum()) / (count * (count - 1)))


def _mean(values: Array) -> Mean:
    """Return the mean of values (objects, n)."""
    return Mean(values.sum(1), np.full(len(values), float(values.shape[1])))
