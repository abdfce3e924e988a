"""Descriptions equal slow loops and closed forms, and their intervals follow from exact derivatives."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import fractional_matrix_power
from scipy.spatial.distance import pdist
from scoring import context_of, random_split

from iebench.benchmark.fitting.context import Context
from iebench.benchmark.metrics.geometry.descriptions import DESCRIPTIONS, WIDEST
from iebench.benchmark.probes.geometry import descriptions as probe
from iebench.benchmark.probes.geometry.descriptions import alignment, between_objects, lidar, some_views
from iebench.benchmark.scoring.probing import run
from iebench.benchmark.statistics.linearised import Linearised
from iebench.benchmark.statistics.retrieval import unit_array

Array = NDArray[np.float64]
OBJECTS, VIEWS, WIDTH = 7, 3, 5


def entropy(values: Array) -> float:
    """Entropy in nats of positive numbers as shares of their sum, by a loop."""
    shares = [value / values.sum() for value in values if value > 1e-13 * values.sum()]
    return -sum(share * np.log(share) for share in shares)


def slow_rank(views: Array, weights: Array) -> float:
    weighted = np.concatenate([np.sqrt(weight) * own for weight, own in zip(weights, views, strict=True)])
    return float(np.exp(entropy(np.linalg.svd(weighted, compute_uv=False))))


def slow_entropy(views: Array, weights: Array) -> float:
    total = sum(w * np.outer(z, z) for w, own in zip(weights, unit_array(views), strict=True) for z in own)
    return entropy(np.linalg.eigvalsh(total / weights.sum() / views.shape[1]))


def slow_lidar(views: Array, weights: Array) -> float:
    shares, means = weights / weights.sum(), [own.mean(0) for own in views]
    centre = sum(share * mean for share, mean in zip(shares, means, strict=True))
    between = sum(s * np.outer(m - centre, m - centre) for s, m in zip(shares, means, strict=True))
    spreads = [sum(np.outer(z - m, z - m) for z in own) / len(own) for own, m in zip(views, means, strict=True)]
    ridge = probe.RIDGE * np.trace(sum(spreads) / len(spreads)) / WIDTH * np.eye(WIDTH)  # not resampled
    root = fractional_matrix_power(sum(s * own for s, own in zip(shares, spreads, strict=True)) + ridge, -0.5)
    return float(np.exp(entropy(np.linalg.eigvalsh(root @ between @ root))))


def slow_uniformity(views: Array, weights: Array) -> float:
    total = norm = 0.0
    for i, (w, own) in enumerate(zip(weights, unit_array(views), strict=True)):
        for j, (v, other) in enumerate(zip(weights, unit_array(views), strict=True)):
            if i != j:
                total += w * v * sum(np.exp(-2 * ((a - b) ** 2).sum()) for a in own for b in other)
                norm += w * v * len(own) * len(other)
    return float(np.log(total / norm))


def fast_lidar(views: Array) -> Linearised:
    statistic = lidar(views)
    assert statistic is not None
    return statistic


MEASURES: dict[str, tuple[Callable[[Array], Linearised], Callable[[Array, Array], float]]] = {
    "effective_rank": (probe.effective_rank, slow_rank),
    "vne_entropy": (lambda views: probe.von_neumann(unit_array(views)), slow_entropy),
    "lidar": (fast_lidar, slow_lidar),
    "uniformity": (lambda views: probe.uniformity(unit_array(views)), slow_uniformity),
}


def made(seed: int = 0) -> Array:
    generator = np.random.default_rng(seed)
    return generator.normal(size=(OBJECTS, 1, WIDTH)) + generator.normal(size=(OBJECTS, VIEWS, WIDTH)) / 2 + 0.3


@pytest.mark.parametrize("name", MEASURES)
def test_a_description_and_its_derivatives_equal_a_slow_loop(name: str) -> None:
    fast, slow = MEASURES[name]
    statistic, weights = fast(made()), np.ones(OBJECTS)
    assert statistic.value == pytest.approx(slow(made(), weights), rel=1e-6)
    for i in range(OBJECTS):
        moved = weights + 1e-4 * (np.arange(OBJECTS) == i)
        change = slow(made(), moved) - slow(made(), weights)
        assert statistic.at(moved[None])[0] - statistic.value == pytest.approx(change, rel=5e-3, abs=1e-7), i  # type: ignore[arg-type]


@pytest.mark.parametrize("name", MEASURES)
def test_a_rotation_and_a_scale_change_no_description(name: str) -> None:
    fast, _ = MEASURES[name]
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(WIDTH, WIDTH)))[0]
    for scale in (1e-20, 3.0, 1e20):
        assert fast(scale * made() @ turn).value == pytest.approx(fast(made()).value, rel=1e-5)


def test_directions_of_equal_size_are_counted() -> None:
    """Axes of equal length: rank and LiDAR count them, and the entropy is the log of their number."""
    corners = np.repeat(np.concatenate([np.eye(4), -np.eye(4)])[:, None], 2, axis=1)
    noise = 0.01 * np.stack([np.ones(4), -np.ones(4)]) * np.eye(4)[np.arange(8) % 4][:, None]
    assert probe.effective_rank(corners).value == pytest.approx(4)
    assert probe.von_neumann(corners).value == pytest.approx(np.log(4))
    assert fast_lidar(corners + noise).value == pytest.approx(4)
    assert (alignment(corners) == 0).all() and between_objects(corners) == pytest.approx(2 * 8 / 7)


def test_alignment_equals_scipys_distances() -> None:
    sphere = unit_array(made())
    assert alignment(sphere).tolist() == pytest.approx([(pdist(own) ** 2).mean() for own in sphere])
    pairs = [(x, y) for i, x in enumerate(sphere) for j, y in enumerate(sphere) if i != j]
    between = [((a - b) ** 2).sum() for x, y in pairs for a in x for b in y]
    assert between_objects(sphere) == pytest.approx(np.mean(between))


def test_an_interval_by_derivatives_is_near_that_of_resampling_anew() -> None:
    generator = np.random.default_rng(2)
    views = generator.normal(size=(60, 1, 4)) * [3, 2, 1, 0.5] + generator.normal(size=(60, 2, 4))
    counts = generator.multinomial(60, np.full(60, 1 / 60), size=300)
    statistic = probe.effective_rank(views)
    drawn, anew = statistic.at(counts), np.array([slow_rank(views, own) for own in counts.astype(float)])
    assert drawn.std() == pytest.approx(anew.std(), rel=0.15) and np.corrcoef(drawn, anew)[0, 1] > 0.9
    assert drawn.mean() == pytest.approx(statistic.value, abs=0.05)


@pytest.fixture(scope="module")
def context() -> Context:
    return context_of(random_split(12, 4), random_split(9, 4, seed=1), parts={"whole": slice(0, 9), "hue": slice(3, 5)})


@pytest.mark.slow
def test_only_the_full_suite_measures_descriptions(context: Context) -> None:
    names = DESCRIPTIONS.keys()
    protocol = replace(context.protocol, heads={}, maps=None, few_shot=None, neighbours=None, shares=False, axes=False)
    plain = replace(context, protocol=protocol)
    assert not names & run(plain)["whole"].keys()
    full = run(replace(plain, suite="full"))
    assert names <= full["whole"].keys() and names <= full["hue"].keys()
    for measured in full.values():
        for metric in names:
            entry = measured[metric]
            assert entry.low <= entry.value <= entry.high and entry.objects == 9, metric
    assert not any(info.ranked or info.column for info in DESCRIPTIONS.values())


@pytest.mark.slow
def test_ranks_above_the_largest_number_of_other_metrics_are_kept() -> None:
    generator = np.random.default_rng(0)
    features = generator.normal(size=(400, 400)).astype(np.float32)
    split = random_split(200, 2, features)
    protocol = replace(
        context_of(split, split).protocol, heads={}, maps=None, few_shot=None, neighbours=None, shares=False, axes=False
    )  # fmt: skip
    values = run(replace(context_of(split, split, protocol), suite="full"))["whole"]
    assert values["effective_rank"].value > 180


def test_features_without_a_direction_and_wide_ones_are_left_out(context: Context) -> None:
    blank = replace(context.val, features=np.zeros_like(context.val.features))
    assert probe.descriptions(replace(context, val=blank)) == {"whole": {}, "hue": {}}
    wide = replace(context, parts={"whole": slice(0, WIDEST + 1)}, notes=[])
    assert probe.descriptions(wide) == {} and "more than 2,048 columns: whole" in wide.notes[0]
    alone = replace(context, val=random_split(1, 4), notes=[])
    assert probe.descriptions(alone) == {} and "needs two val objects" in alone.notes[0]


def test_features_are_read_as_evenly_spread_views() -> None:
    split = random_split(3, 8)
    views = some_views(split, slice(0, 2), numbers=3 * 2 * 4)
    assert views.shape == (3, 4, 2)
    np.testing.assert_array_equal(views, split.features.reshape(3, 8, -1)[:, ::2, :2])
