"""The bootstrap equals the metric computed from each bootstrap sample, and its intervals cover the truth."""

from collections.abc import Callable

import numpy as np
import pytest
from definitions import r2_mean, r2_pooled
from numpy.typing import NDArray
from scipy.stats import binomtest

from iebench.benchmark.statistics.bootstrap import Bootstrap, Mean, Median, Statistic, exact, interval, widened
from iebench.benchmark.statistics.explained import R2

Array = NDArray[np.float64]


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(1)


def resampled(counts: NDArray[np.int64], objects: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rows of one bootstrap sample, each object's as often as it was drawn."""
    return np.concatenate([np.flatnonzero(objects == o) for o, times in enumerate(counts) for _ in range(times)])


KINDS: dict[str, tuple[Callable[..., Statistic], Callable[..., float]]] = {
    "mean": (lambda t, p, o: Mean.of(t[:, 0], o), lambda t, p: sum(t[:, 0]) / len(t)),
    "median": (lambda t, p, o: Median.of(t[:, 0], o), lambda t, p: float(np.median(t[:, 0]))),
    "pooled": (lambda t, p, o: R2.of(t, p, o, pooled=True), r2_pooled),
    "components": (lambda t, p, o: R2.of(t, p, o, pooled=False), r2_mean),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_draw_equals_recomputing_it_from_its_samples(kind: str, generator: np.random.Generator) -> None:
    objects = np.sort(np.concatenate([np.arange(9), generator.integers(0, 9, 40)]))  # 9 objects of unequal sizes
    targets = generator.normal(size=(len(objects), 4)) + 1000.0 + np.array([0, 1, 2, 3])
    predictions = targets + generator.normal(size=targets.shape)
    statistic, direct = KINDS[kind][0](targets, predictions, objects), KINDS[kind][1]
    counts = Bootstrap.of(9, 40, 0.95, 0).counts
    expected = [direct(targets[rows], predictions[rows]) for rows in (resampled(c, objects) for c in counts)]
    np.testing.assert_allclose(statistic.at(counts), expected, rtol=1e-9)
    assert statistic.samples == len(objects)


def test_a_draw_has_as_many_objects_as_there_are() -> None:
    counts = Bootstrap.of(30, 500, 0.95, 0).counts
    assert (counts.sum(1) == 30).all()
    np.testing.assert_allclose(counts.mean(0), 1.0, atol=0.2)


def test_the_same_seed_gives_the_same_draws_and_another_others() -> None:
    first, second, other = (Bootstrap.of(20, 10, 0.95, seed).counts for seed in (5, 5, 6))
    assert (first == second).all() and (first != other).any()


@pytest.mark.slow
def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    generator = np.random.default_rng(2)
    objects = np.repeat(np.arange(60), 5)
    naive = hits = 0
    for trial in range(300):
        values = np.repeat(generator.normal(size=60), 5) + 0.3 * generator.normal(size=300)  # views of one object agree
        entry = Bootstrap.of(60, 300, 0.95, trial).measure(Mean.of(values, objects), 0.0)
        hits += entry.low <= 0 <= entry.high
        naive += abs(values.mean()) <= 1.96 * values.std() / np.sqrt(300)
    assert 0.91 <= hits / 300 <= 0.98
    assert naive / 300 < 0.8  # coverage if views are treated as independent


@pytest.mark.slow
def test_intervals_of_every_kind_cover_the_truth() -> None:
    """Objects and views with errors of their own and known R2, mean and median; 200 trials with 80 objects."""
    generator, objects, trials = np.random.default_rng(2), np.repeat(np.arange(80), 5), 200

    def errors(between: float, within: float) -> np.ndarray:
        own = between * generator.normal(size=(80, 1, 3))
        return (own + within * generator.normal(size=(80, 5, 3))).reshape(-1, 3)

    hits = dict.fromkeys(("mean", "median", "r2_mean", "r2_pooled", "two heads"), 0)
    for trial in range(trials):
        bootstrap = Bootstrap.of(80, 300, 0.95, trial)
        targets, missed, other = errors(1, 0.5) + np.array([0, 1, 2]), errors(0.4, 0.3), errors(0.4, 0.3)[:, 0]
        column = targets[:, 0]
        for name, statistics, truth in (
            ("mean", [Mean.of(column, objects)], 0.0),
            ("median", [Median.of(column, objects)], 0.0),
            ("r2_mean", [R2.of(targets, targets + missed, objects, False)], 1 - 0.25 / 1.25),
            ("r2_pooled", [R2.of(targets, targets + missed, objects, True)], 1 - 0.25 / (1.25 + 2 / 3)),
            ("two heads", [Mean.of(column + other, objects), Mean.of(column - other, objects)], 0.0),
        ):
            entry = bootstrap.measure(statistics, 0.0)
            hits[name] += entry.low <= truth <= entry.high
    for name, count in hits.items():
        assert 0.89 <= count / trials <= 0.98, name


def test_value_floor_and_interval_are_in_order(generator: np.random.Generator) -> None:
    objects = np.repeat(np.arange(20), 3)
    values = generator.normal(size=60)
    entry = Bootstrap.of(20, 200, 0.9, 0).measure(Mean.of(values, objects), Mean.of(values - 1, objects))
    assert entry.low < entry.value < entry.high
    assert entry.value == pytest.approx(values.mean()) and entry.floor == pytest.approx(values.mean() - 1)
    assert (entry.n, entry.objects) == (60, 20)


def test_a_target_that_does_not_vary_explains_nothing() -> None:
    objects, targets = np.arange(4), np.full((4, 2), 0.3)
    for pooled in (True, False):
        assert R2.of(targets, targets + 1, objects, pooled).at(np.ones((1, 4), np.int64)).tolist() == [0.0]


def test_the_median_is_resampled_in_pieces_alike(
    generator: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects, values = np.repeat(np.arange(10), 4), generator.normal(size=40)
    counts = Bootstrap.of(10, 30, 0.95, 0).counts
    whole = Median.of(values, objects).at(counts)
    monkeypatch.setattr("iebench.benchmark.statistics.bootstrap.CHUNK", 100)
    np.testing.assert_array_equal(Median.of(values, objects).at(counts), whole)


@pytest.mark.parametrize("objects", [1, 2, 12, 110])
def test_at_either_end_the_bound_is_that_of_clopper_and_pearson(objects: int) -> None:
    for right in (0, objects):
        expected = binomtest(right, objects).proportion_ci(0.95, method="exact")
        bounds = exact(np.full(2, right / objects), 0.95, objects, (0.0, 1.0))
        np.testing.assert_allclose(bounds, [expected.low, expected.high], atol=1e-12)


def test_only_an_interval_without_width_is_bounded_and_only_within_a_range() -> None:
    ends = np.array([[0.2, 0.5, 1.0], [0.3, 0.5, 1.0]])
    bounds = exact(ends, 0.95, 10, (0.0, 1.0))
    assert bounds[:, 0].tolist() == [0.2, 0.3] and bounds[0, 1] < 0.5 < bounds[1, 1] and bounds[1, 2] == 1.0
    np.testing.assert_array_equal(exact(ends, 0.95, 10, None), ends)
    degrees = exact(180 * ends, 0.95, 10, (0.0, 180.0))
    np.testing.assert_allclose(degrees, 180 * bounds)


@pytest.mark.parametrize("views", [1, 4])
@pytest.mark.parametrize("objects", [3, 12, 40])
def test_intervals_of_shares_cover_near_their_ends_too(objects: int, views: int) -> None:
    """Objects that are right in all views, with few exceptions: the bootstrap alone gives [1, 1] and misses."""
    generator, trials = np.random.default_rng(6), 400
    counts = Bootstrap.of(objects, 200, 0.95, 0).counts
    for missed in (0.02, 0.1):
        hits = plain = 0
        for _ in range(trials):
            wrong = generator.random(objects) < missed  # such an object is wrong in a random part of its views
            each = 1 - wrong * generator.integers(1, views + 1, objects) / views
            truth = 1 - missed * (views + 1) / 2 / views
            ends = interval(Mean.of(each, np.arange(objects)).at(counts), 0.95)
            plain += ends[0] <= truth <= ends[1]
            low, high = exact(ends, 0.95, objects, (0.0, 1.0))
            hits += low <= truth <= high
        assert hits / trials >= 0.88 and (plain / trials < 0.75 or missed * objects > 1)


def test_an_entry_that_is_widened_keeps_all_else() -> None:
    statistic = Mean.of(np.ones(24), np.repeat(np.arange(12), 2))
    entry = Bootstrap.of(12, 50, 0.95, 0).measure(statistic, 0.5, 1.0)
    wide = widened(entry, 0.95, (0.0, 1.0))
    assert (entry.low, entry.high) == (1, 1) and (wide.low, wide.high) == (pytest.approx(0.025 ** (1 / 12)), 1)
    assert wide.draws is entry.draws and (wide.value, wide.floor, wide.n) == (1, 0.5, 24)
