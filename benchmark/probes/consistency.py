"""Group consistency: one map per transformation should move every object's representation as the views move.

It applies to any encoder, without a predictor: z2 ~ f(z1, g) is fitted on train pairs. On val it is measured how well f
retrieves the other view, and whether f follows the group: f(z, 1) = z, f(f(z, g), 1/g) = z, f(f(z, g), h) = f(z, gh).
"""

import numpy as np
from numpy.typing import NDArray

from iebench.baselines.action import ROTATION

from ..fitting.context import Context, Rows, Values, probe
from ..fitting.maps import Map, Subspace, fitted
from ..fitting.transforms import Group, rotations, trivial, turns
from ..metrics import consistency as metrics
from ..metrics.targets import circles
from ..statistics.bootstrap import Estimate, Mean
from ..statistics.explained import Share
from ..statistics.retrieval import chance_reciprocal, own_rank_counts

Array = NDArray[np.float64]


@probe("consistency", metrics=metrics.fitted)
def consistency(context: Context) -> Values:
    """Measure for rotation and each circular group: fit errors, MRR, errors of identity, inverse and composition.

    Errors are fractions of the variance within val objects. Floors: the same maps without the transformation as input,
    chance, and another view of the object as the prediction.
    """
    settings = context.protocol.maps
    groups = [rotations()] if context.shows(ROTATION) else []
    for name, latents in circles(context.groups).items():
        if all(context.shows([latent]) for latent in latents):
            groups.append(turns(name, latents, context))
    if settings is None or not groups or context.val.views < 3:
        return {}
    rounds = min(settings.pairs, context.train.pairs.shape[1])
    values: Values = {}
    for part, columns in context.parts.items():
        seen = context.train.pairs_of(np.arange(context.train.objects), rounds)[0]
        space = Subspace.of(context, columns, seen, settings.dims)
        unconditioned = fitted(context, space, trivial(), rounds, settings.units)
        evaluation = _Evaluation(context, space)
        values[part] = {}
        for group in groups:
            conditioned = fitted(context, space, group, rounds, settings.units)
            values[part] |= {
                f"{group.name}_map_{name}": value
                for name, value in evaluation.measure(group, conditioned, unconditioned).items()
            }
    return values


class _Evaluation:
    """Evaluates maps on val views, in the coordinates of one part."""

    def __init__(self, context: Context, space: Subspace) -> None:
        self.context, self.val = context, context.val
        self.rows, self.objects = context.val.all_pairs()
        self.views = space(context.val, np.arange(len(context.val.labels)))  # (n, d)
        self.first, self.second = self.views[self.rows[:, 0]], self.views[self.rows[:, 1]]
        blocks = self.views.reshape(context.val.objects, context.val.views, -1)
        centred = self.second - blocks.mean(1)[self.objects]
        self.spread = (centred**2).sum(1)

    def measure(
        self, group: Group, conditioned: tuple[Map, Map], unconditioned: tuple[Map, Map]
    ) -> dict[str, Estimate]:
        """Measure one group's linear and nonlinear map; unconditioned : maps without the transformation as input."""
        linear, val = conditioned[0], self.val
        step = group.between(val, self.rows)
        moved = linear(self.first, step)
        still = group.compose(step, group.inverse(step))
        onward = _chained(self.rows, val.views)
        further = group.between(val, np.stack([self.rows[:, 1], onward], axis=1))
        direct = linear(self.first, group.compose(step, further))
        other = self._share(self.first, self.second)
        values = {
            name: self.context.bootstrap.measure(
                self._share(tell(self.first, step), self.second),
                self._share(guess(self.first, np.ones((len(step), 1))), self.second),
            )
            for name, tell, guess in zip(("error", "error_nonlinear"), conditioned, unconditioned, strict=True)
        }
        consistent = {
            "identity": self._share(linear(self.first, still), self.first),
            "inverse": self._share(linear(moved, group.inverse(step)), self.first),
            "composition": self._share(linear(moved, further), direct),
        }
        measure = self.context.bootstrap.measure
        return {
            **values,
            **{name: measure(share, other) for name, share in consistent.items()},
            "mrr": self._mrr(linear),
        }

    def _share(self, predictions: Array, targets: Array) -> Share:
        """Return squared distances as a fraction of the variance within the objects."""
        distance = ((predictions - targets) ** 2).sum(1)
        return Share.of(distance, self.spread, self.objects)

    def _mrr(self, linear: Map) -> Estimate:
        """Return the reciprocal rank of the right view by distance, for maps of view 0, itself no candidate."""
        val = self.val
        rows = np.arange(len(self.views)).reshape(val.objects, val.views)
        pairs = np.stack([np.repeat(rows[:, :1], val.views - 1, axis=1), rows[:, 1:]], axis=-1).reshape(-1, 2)
        predictions = linear(self.views[pairs[:, 0]], linear.group.between(val, pairs))
        views = self.views[pairs[:, 1]]
        # -|a - v|^2 up to terms that do not depend on v, as one product
        gallery = np.concatenate([2 * views, -(views**2).sum(1, keepdims=True)], axis=1)
        queries = np.concatenate([predictions, np.ones((len(predictions), 1))], axis=1)
        shape = (val.objects, val.views - 1, -1)
        ranks = own_rank_counts(gallery.reshape(shape), queries.reshape(shape), self.context.protocol.tie)
        objects = np.repeat(np.arange(val.objects), val.views - 1)
        return self.context.bootstrap.measure(Mean.of(ranks.reciprocal, objects), chance_reciprocal(val.views - 1))


def _chained(rows: Rows, views: int) -> NDArray[np.int64]:
    """Choose a third view for each pair, different from both: the next one of the object, cyclically."""
    start = rows - rows % views
    third = (rows[:, 1] - start[:, 1] + 1) % views
    third = np.where(third == rows[:, 0] - start[:, 0], (third + 1) % views, third)
    chained: NDArray[np.int64] = start[:, 0] + third
    return chained
