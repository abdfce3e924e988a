"""Selective prediction: errors among the views that a scalar ranks as most certain, and its separation of errors."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .bootstrap import CHUNK, Counts

Array = NDArray[np.float64]
COVERAGES = np.linspace(0.01, 1.0, 100)
"""Shares of the views, the most certain first, at which risks are measured: 1 %, 2 % .. 100 %."""


@dataclass(frozen=True)
class Certainty:
    """Errors of views in the order of a scalar; equal scalars count as the mean over all their orders.

    uncertainty : (n,), more for less certain views; errors : (n,), 0 or 1; objects : (n,) in [0, number of objects)
    """

    uncertainty: Array
    errors: Array
    objects: NDArray[np.int64]
    _last: list[tuple[Counts, Array]] = field(default_factory=list, compare=False, repr=False)

    def measures(self, counts: Counts) -> Array:
        """Return AUROC and the risk at each of COVERAGES, of each bootstrap sample: (draws, 1 + len(COVERAGES)).

        The last result for several bootstrap samples is cached, since several metrics are columns of it.

        counts : (draws, objects)
        """
        if not self._last or self._last[0][0] is not counts:
            order = np.argsort(self.uncertainty, kind="stable")
            values = self.uncertainty[order]
            starts = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))
            step = max(1, CHUNK // len(order))
            blocks = [self._measures(counts[i : i + step], order, starts) for i in range(0, len(counts), step)]
            measured = np.concatenate(blocks)
            if len(counts) == 1:
                return measured
            self._last[:] = [(counts, measured)]
        return self._last[0][1]

    def _measures(self, counts: Counts, order: NDArray[np.int64], starts: NDArray[np.int64]) -> Array:
        """Return `measures` from sums over groups of equal scalars, which begin at `starts` of `order`."""
        weights = counts[:, self.objects[order]].astype(np.float64)
        wrong = np.add.reduceat(weights * self.errors[order], starts, axis=1)  # (draws, groups)
        every = np.add.reduceat(weights, starts, axis=1)
        right = every - wrong
        below = np.cumsum(right, axis=1) - right / 2  # half of those that are equal
        pairs = wrong.sum(1) * right.sum(1)
        area = np.where(pairs > 0, (wrong * below).sum(1) / np.where(pairs > 0, pairs, 1), 0.5)
        total = every.sum(1, keepdims=True)
        covered, errors = (
            np.concatenate([np.zeros((len(counts), 1)), np.cumsum(sums, axis=1)], axis=1) / total
            for sums in (every, wrong)
        )
        # one interpolation for all samples: each has an interval of the line of its own
        shift = 2 * np.arange(len(counts))[:, None]
        at = np.interp((COVERAGES + shift).ravel(), (covered + shift).ravel(), errors.ravel())
        return np.column_stack([area, at.reshape(len(counts), -1) / COVERAGES])


@dataclass(frozen=True)
class Auroc:
    """Probability that a wrong prediction is less certain than a right one; 0.5 if all are wrong, or right."""

    certainty: Certainty

    @property
    def samples(self) -> int:
        """Number of views."""
        return len(self.certainty.errors)

    def at(self, counts: Counts) -> Array:
        """Return the area of each bootstrap sample: counts (draws, objects) -> (draws,)."""
        return self.certainty.measures(counts)[:, 0]


@dataclass(frozen=True)
class Risk:
    """Mean error of the most certain views. percent : share of the views, 1 .. 100; 0 for the mean over all shares."""

    certainty: Certainty
    percent: int = 0

    @property
    def samples(self) -> int:
        """Number of views."""
        return len(self.certainty.errors)

    def at(self, counts: Counts) -> Array:
        """Return the risk of each bootstrap sample: counts (draws, objects) -> (draws,)."""
        risks = self.certainty.measures(counts)[:, 1:]
        risk: Array = risks[:, self.percent - 1] if self.percent else risks.mean(1)
        return risk
