"""Rank intervals: clear cases by hand, the others by simulation."""

import numpy as np
import pytest
from numpy.typing import NDArray

from iebench.benchmark.statistics.bootstrap import Bootstrap, Mean
from iebench.benchmark.statistics.rank_intervals import RankInterval, ranks

Array = NDArray[np.float64]


def simulated(
    means: Array, objects: int, noise: float, own: float, generator: np.random.Generator
) -> list[RankInterval]:
    """Ranks of methods whose values per object are the object's difficulty plus noise for each method."""
    difficulty = generator.normal(0, noise, objects)
    values = means[:, None] + difficulty + generator.normal(0, own, (len(means), objects))
    bootstrap = Bootstrap.of(objects, 200, 0.95, int(generator.integers(2**31)))
    draws = np.stack([Mean.of(row, np.arange(objects)).at(bootstrap.counts) for row in values])
    return ranks(values.mean(1), draws, 0.95, higher=True, objects=objects)


def test_a_clearly_better_method_is_first_and_equal_ones_tie_behind() -> None:
    generator = np.random.default_rng(0)
    intervals = simulated(np.array([0.0, 1.0, 0.0]), 200, noise=3.0, own=0.3, generator=generator)
    assert intervals[1] == RankInterval(1, 1, 1)
    assert [(rank.low, rank.high) for rank in (intervals[0], intervals[2])] == [(2, 3), (2, 3)]


def test_pairing_tells_apart_what_intervals_that_overlap_do_not() -> None:
    """Objects differ much more than methods do, so each value's own interval is wide."""
    intervals = simulated(np.array([0.0, 0.3]), 200, noise=5.0, own=0.3, generator=np.random.default_rng(1))
    assert intervals == [RankInterval(2, 2, 2), RankInterval(1, 1, 1)]


def test_less_may_be_better() -> None:
    draws = np.random.default_rng(0).normal([[1.0], [2.0]], 0.01, (2, 100))
    assert ranks(np.array([1.0, 2.0]), draws, 0.95, higher=False, objects=200) == [
        RankInterval(1, 1, 1),
        RankInterval(2, 2, 2),
    ]
    assert ranks(np.array([1.0, 2.0]), draws, 0.95, higher=True, objects=200) == [
        RankInterval(2, 2, 2),
        RankInterval(1, 1, 1),
    ]


def test_the_same_encoder_twice_ties_and_a_constant_lead_is_certain() -> None:
    draws = np.random.default_rng(0).normal(size=100)
    same = ranks(np.array([0.5, 0.5]), np.stack([draws, draws]), 0.95, higher=True, objects=200)
    assert same == [RankInterval(1, 1, 2), RankInterval(1, 1, 2)]
    both = np.array([0.5, 0.625]), np.stack([draws, draws + 0.125])
    assert ranks(*both, 0.95, True, objects=200, within=(0.0, 1.0)) == [RankInterval(2, 2, 2), RankInterval(1, 1, 1)]
    for objects, within in ((5, (0.0, 1.0)), (200, None)):  # few objects, or a metric without a known range
        assert ranks(*both, 0.95, True, objects, within) == [RankInterval(2, 1, 2), RankInterval(1, 1, 2)]


@pytest.mark.parametrize("objects", [1, 2, 4, 8])
def test_a_lead_on_every_object_of_a_few_is_rarely_called_certain_where_there_is_none(objects: int) -> None:
    """In the sample, one method is right and the other wrong on every object; in truth the two methods are equal."""
    generator, wrong = np.random.default_rng(5), 0
    counts = Bootstrap.of(objects, 100, 0.95, 0).counts
    for _ in range(600):
        first = (generator.random(objects) < 0.5).astype(float)
        draws = np.stack([Mean.of(row, np.arange(objects)).at(counts) for row in (first, 1 - first)])
        intervals = ranks(np.array([first.mean(), 1 - first.mean()]), draws, 0.95, True, objects, (0.0, 1.0))
        wrong += intervals[0].high == 1 or intervals[1].high == 1
    assert wrong / 600 <= (0.05 if objects < 8 else 0.12)  # of 8, the studentised bootstrap is a little too sure


def test_one_row_is_first() -> None:
    assert ranks(np.array([0.3]), np.zeros((1, 10)), 0.95, higher=True, objects=200) == [RankInterval(1, 1, 1)]


def test_margins_are_those_of_a_plain_loop() -> None:
    generator = np.random.default_rng(3)
    values = generator.normal(size=5)
    draws = values[:, None] + generator.normal(0, 0.5, (5, 300)) + generator.normal(0, 1.0, 300)
    for i, rank in enumerate(ranks(values, draws, 0.9, higher=True, objects=200)):
        others = [j for j in range(5) if j != i]
        errors = {j: float(np.std([a - b for a, b in zip(draws[j], draws[i], strict=True)])) for j in others}
        largest = [
            max(abs((draws[j, b] - draws[i, b]) - (values[j] - values[i])) / errors[j] for j in others)
            for b in range(300)
        ]
        margin = float(np.quantile(largest, 0.9))
        better = sum(values[j] - values[i] > margin * errors[j] for j in others)
        worse = sum(values[i] - values[j] > margin * errors[j] for j in others)
        assert (rank.low, rank.high) == (1 + better, 5 - worse)


@pytest.mark.slow
def test_intervals_hold_the_true_rank_as_often_as_they_say() -> None:
    """True ranks that are far apart, close, and tied (for a tie, any of the shared ranks counts as true)."""
    generator = np.random.default_rng(4)
    means = np.array([0.0, 0.0, 0.05, 0.1, 0.5])
    least = [1 + int((means > m).sum()) for m in means]
    most = [int((means >= m).sum()) for m in means]
    hits = np.zeros(len(means))
    for _ in range(250):
        intervals = simulated(means, 60, noise=1.0, own=0.3, generator=generator)
        hits += [r.low <= a and b <= r.high for r, a, b in zip(intervals, least, most, strict=True)]
    assert (hits / 250 >= 0.92).all()  # 0.95 minus three standard errors of the simulation
    assert hits[4] / 250 > 0.98 and simulated(means, 60, 1.0, 0.3, generator)[4] == RankInterval(
        1, 1, 1
    )  # and not idle
