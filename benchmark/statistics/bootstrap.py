"""Bootstrap intervals over val objects, exact for each bootstrap sample, from sums per object.

Views of one object are not independent, so objects are drawn, never images or pairs.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Protocol as Interface
from typing import TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Counts = NDArray[np.int64]
"""(draws, objects): multiplicity of each object in each bootstrap sample."""

FLAT = 1e-9  # of a metric's range; smaller differences between bootstrap samples count as none
CHUNK = 20_000_000  # numbers in memory at once while medians are resampled


class Statistic(Interface):
    """A statistic that can be computed for any multiset of objects."""

    @property
    def samples(self) -> int:
        """Number of images, pairs or queries behind it."""

    def at(self, counts: Counts) -> Array:
        """Return the statistic of each bootstrap sample: counts (draws, objects) -> (draws,) float64."""


@runtime_checkable
class PerObject(Interface):
    """A statistic that has a value for each object."""

    @property
    def each(self) -> Array:
        """Value of each object: (objects,)."""


@dataclass(frozen=True)
class Mean:
    """Mean of a per-sample value. sums, sizes : (objects,), the sum and number of an object's samples."""

    sums: Array
    sizes: Array

    @staticmethod
    def of(values: Array, objects: NDArray[np.int64]) -> "Mean":
        """Compute the sums of values (n,) of samples that belong to objects (n,) in [0, number of objects)."""
        return Mean(np.bincount(objects, values).astype(np.float64), np.bincount(objects).astype(np.float64))

    @property
    def samples(self) -> int:
        return int(self.sizes.sum())

    @property
    def each(self) -> Array:
        """Mean of each object's samples: (objects,)."""
        return self.sums / self.sizes

    def at(self, counts: Counts) -> Array:
        return (counts @ self.sums) / (counts @ self.sizes)


@dataclass(frozen=True)
class Pooled:
    """Mean of a per-sample value of which some objects may have no sample. sums, sizes : as those of `Mean`.

    A bootstrap sample of objects without any sample has the value of all objects.
    """

    sums: Array
    sizes: Array

    @staticmethod
    def of(values: Array, objects: NDArray[np.int64], count: int) -> "Pooled":
        """Compute the sums of values (n,) of samples of objects (n,) in [0, count); NaN for no sample."""
        kept = np.isfinite(values)
        return Pooled(
            np.bincount(objects[kept], values[kept], count).astype(np.float64),
            np.bincount(objects[kept], minlength=count).astype(np.float64),
        )

    @property
    def samples(self) -> int:
        return int(self.sizes.sum())

    def at(self, counts: Counts) -> Array:
        sizes = counts @ self.sizes
        mean: Array = np.where(sizes > 0, counts @ self.sums / np.maximum(sizes, 1), self.sums.sum() / self.samples)
        return mean


@dataclass(frozen=True)
class Median:
    """Median of a per-sample value. values, objects : (n,), sorted by value."""

    values: Array
    objects: NDArray[np.int64]

    @staticmethod
    def of(values: Array, objects: NDArray[np.int64]) -> "Median":
        """Sort values (n,) of samples that belong to objects (n,)."""
        order = np.argsort(values, kind="stable")
        return Median(values[order], objects[order])

    @property
    def samples(self) -> int:
        return len(self.values)

    def at(self, counts: Counts) -> Array:
        step = max(1, CHUNK // len(self.values))
        return np.concatenate([self._at(counts[i : i + step]) for i in range(0, len(counts), step)])

    def _at(self, counts: Counts) -> Array:
        reached = np.cumsum(counts[:, self.objects], axis=1)
        total = reached[:, -1:]
        lower = (reached < (total + 1) // 2).sum(1)  # the two middle samples of the multiset, possibly equal
        upper = (reached < total // 2 + 1).sum(1)
        middle: Array = (self.values[lower] + self.values[upper]) / 2
        return middle


@dataclass(frozen=True)
class Estimate:
    """One entry of a score.

    value : the metric; low, high : its bootstrap interval; floor : the same metric of a constant or random prediction
    n, objects : images, pairs or queries, and val objects, behind the value
    ceiling : the same metric of an oracle that knows the objects' symmetries; None if unknown
    spread : standard deviation over the seeds of the heads; the value is their mean. None without several seeds
    """

    value: float
    low: float
    high: float
    floor: float
    n: int
    objects: int
    ceiling: float | None = None
    spread: float | None = None


M = TypeVar("M", bound=Estimate)


@dataclass(frozen=True, kw_only=True)
class Resampled(Estimate):
    """An estimate with its bootstrap samples and per-object values, which a score file stores in separate sections.

    draws : (draws,), value of every bootstrap sample; each : (objects,), mean within each object, None if it has none
    """

    draws: Array = field(compare=False, repr=False)
    each: Array | None = field(compare=False, repr=False)


def plain(entry: Estimate) -> Estimate:
    """Return the entry without its bootstrap samples."""
    return Estimate(**{f.name: getattr(entry, f.name) for f in fields(Estimate)})


def interval(draws: Array, level: float) -> Array:
    """Return the percentiles of bootstrap samples (draws, ...) around their central fraction `level`: (2, ...).

    >>> interval(np.arange(101.0), 0.9).round(9).tolist()
    [5.0, 95.0]
    """
    ends: Array = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return ends


def exact(ends: Array, level: float, objects: int, within: tuple[float, float] | None) -> Array:
    """Replace intervals of means without width by exact ones.

    If all objects have the same value v, so does every bootstrap sample, and the bootstrap interval has no width. But
    if more than a fraction `unseen` of the population had another value, the sample would contain one of them with
    probability (1 + level) / 2 or more. With that fraction at either end of the range, the mean lies between
    v - unseen (v - low) and v + unseen (high - v). For v at an end this is the interval of Clopper and Pearson (1934).

    ends : (2, ...); within : low and high, the range of an object's value; None if unknown, which changes nothing

    >>> exact(np.array([1.0, 1.0]), 0.95, 12, (0.0, 1.0)).round(3).tolist()
    [0.735, 1.0]
    """
    if within is None:
        return ends
    low, high = within
    share = unseen((1 - level) / 2, objects)
    value = ends.mean(0)
    bound = np.stack([value - share * (value - low), value + share * (high - value)])
    return np.where(ends[1] - ends[0] <= FLAT * (high - low), bound, ends)


def unseen(risk: float, objects: int) -> float:
    """Largest fraction of other objects of which none is among `objects` with a probability of at least `risk`."""
    return float(1 - risk ** (1 / objects))


def widened(entry: M, level: float, within: tuple[float, float] | None) -> M:
    """Apply `exact` to an entry; older scores have intervals without width."""
    low, high = exact(np.array([entry.low, entry.high]), level, entry.objects, within).tolist()
    return replace(entry, low=low, high=high)


@dataclass(frozen=True)
class Bootstrap:
    """Bootstrap samples of val objects, the same for every metric. counts : (draws, objects)."""

    counts: Counts
    level: float

    @staticmethod
    def of(objects: int, draws: int, level: float, seed: int) -> "Bootstrap":
        """Draw `draws` bootstrap samples of all objects; level : coverage of the intervals, such as 0.95."""
        counts = np.random.default_rng(seed).multinomial(objects, np.full(objects, 1 / objects), size=draws)
        return Bootstrap(counts, level)

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the bootstrap samples; scores with the same digest can be compared sample by sample."""
        return hashlib.sha256(np.ascontiguousarray(self.counts, "<i8").tobytes()).hexdigest()

    def measure(
        self,
        statistic: Statistic | Sequence[Statistic],
        floor: Statistic | float,
        ceiling: Statistic | float | None = None,
    ) -> Resampled:
        """Return a statistic's value with its interval: the percentiles of its bootstrap samples.

        statistic : one, or one per seed, whose mean is the value; floor, ceiling : numbers, or statistics of the
            same objects
        """
        seeds = list(statistic) if isinstance(statistic, Sequence) else [statistic]
        draws: Array = np.mean([seed.at(self.counts) for seed in seeds], axis=0)
        low, high = interval(draws, self.level)
        values = [self._once(seed) for seed in seeds]
        means = [seed.each for seed in seeds if isinstance(seed, PerObject)]
        return Resampled(
            value=float(np.mean(values)),
            low=float(low),
            high=float(high),
            floor=self._once(floor),
            n=seeds[0].samples,
            objects=self.counts.shape[1],
            ceiling=None if ceiling is None else self._once(ceiling),
            spread=float(np.std(values, ddof=1)) if len(values) > 1 else None,
            draws=draws,
            each=np.mean(means, axis=0) if means else None,
        )

    def _once(self, statistic: Statistic | float) -> float:
        """Return the statistic of the original objects."""
        if isinstance(statistic, float):
            return statistic
        return float(statistic.at(np.ones((1, self.counts.shape[1]), np.int64))[0])
