"""Rank correlations of distances equal scipy's, and distances that follow a factor rank with it alone."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform
from scipy.spatial.transform import Rotation
from scipy.stats import spearmanr
from scoring import ANGLES, random_split

from iebench.benchmark.comparing.dissimilarity import (
    HIGH,
    LOW,
    RankCorrelation,
    agreement,
    between_objects,
    distances,
    factor_distances,
    in_objects,
    rank_correlations,
    topological,
    topological_matrix,
)

GENERATOR = np.random.default_rng(0)
FIRST, SECOND = GENERATOR.normal(size=(9, 4)), GENERATOR.normal(size=(9, 3))


def test_distances_equal_scipys_up_to_their_unit() -> None:
    for scale in (1.0, 1e-20, 1e20):
        matrix = distances(FIRST * scale)
        np.testing.assert_allclose(matrix / matrix.max(), squareform(pdist(FIRST)) / pdist(FIRST).max(), atol=1e-9)


def test_rsa_equals_scipys_rank_correlation_over_pairs() -> None:
    statistic = RankCorrelation.of(distances(FIRST), distances(SECOND))
    expected = spearmanr(pdist(FIRST), pdist(SECOND)).statistic
    assert statistic.at(np.ones((1, 9), np.int64))[0] == pytest.approx(expected)


def test_a_drawn_object_counts_as_often_as_it_is_drawn() -> None:
    """Pearson's correlation of the same ranks over the list of drawn pairs, without pairs of an object with itself."""
    statistic = RankCorrelation.of(distances(FIRST), distances(SECOND))
    counts = GENERATOR.multinomial(9, np.full(9, 1 / 9), size=5)
    for row, value in zip(counts, statistic.at(counts), strict=True):
        drawn = np.repeat(np.arange(9), row)
        pairs = [(i, j) for i in drawn for j in drawn if i != j]
        x, y = ([matrix[i, j] for i, j in pairs] for matrix in (statistic.first, statistic.second))
        assert value == pytest.approx(np.corrcoef(x, y)[0, 1])


def test_a_rotation_and_a_scale_leave_an_rsa_of_1_and_constant_distances_one_of_0() -> None:
    turn = np.linalg.qr(GENERATOR.normal(size=(4, 4)))[0]
    once = np.ones((1, 9), np.int64)
    assert RankCorrelation.of(distances(FIRST), distances(3 * FIRST @ turn)).at(once)[0] == pytest.approx(1)
    assert RankCorrelation.of(distances(FIRST), distances(np.eye(9))).at(once)[0] == 0


def test_the_topological_transform_is_0_below_and_1_above_its_quantiles() -> None:
    values = GENERATOR.uniform(size=(3, 200))
    for row, result in zip(values, topological(values), strict=True):
        low, high = np.quantile(row, [LOW, HIGH])
        expected = [0 if v < low else 1 if v > high else (v - low) / (high - low) for v in row]
        assert result.tolist() == pytest.approx(expected)
    matrix = topological_matrix(distances(FIRST))
    assert (np.diag(matrix) == 0).all() and matrix.max() == 1
    np.testing.assert_allclose(matrix, matrix.T)
    assert topological(np.ones((1, 4))).tolist() == [[0.0] * 4]


def test_correlations_of_rows_equal_scipys_and_constant_rows_do_not_count() -> None:
    first, second = GENERATOR.normal(size=(4, 10)), GENERATOR.integers(0, 3, (4, 10)).astype(float)
    second[3] = 1
    correlation, varies = rank_correlations(first, second)
    expected = [spearmanr(first[i], second[i]).statistic for i in range(3)]
    assert correlation.tolist() == pytest.approx([*expected, 0]) and varies.tolist() == [True, True, True, False]
    mean = agreement(first, second)
    assert mean is not None and mean.at(np.ones((1, 4), np.int64))[0] == pytest.approx(np.mean(expected))
    assert agreement(first, np.ones((4, 10))) is None


def test_distances_that_follow_a_factor_rank_with_it() -> None:
    split = random_split(5, 6)
    angle = 2 * np.pi * split.latents["floor_hue"]
    split = replace(split, features=np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32))
    rows = np.arange(30).reshape(5, 6)
    own = in_objects(split.features[rows].astype(np.float64))
    assert own.shape == (5, 15)
    factors = factor_distances(split, rows, {"floor_hue": 1.0, "light_hue": None, "absent": None})
    assert list(factors) == ["rotation", "floor_hue", "light_hue"]
    hue, light = (agreement(own, factors[name]) for name in ("floor_hue", "light_hue"))
    once = np.ones((1, 5), np.int64)
    assert hue is not None and light is not None
    assert hue.at(once)[0] == pytest.approx(1, abs=1e-3) and abs(light.at(once)[0]) < 0.5
    assert factors["floor_hue"].max() <= 0.5


def test_the_geodesic_angle_equals_scipys() -> None:
    split = random_split(2, 3)
    angles = split.columns(ANGLES, np.arange(6))
    poses = Rotation.from_euler("xyz", angles)
    expected = [
        [(poses[3 * i + a].inv() * poses[3 * i + b]).magnitude() for a, b in ((0, 1), (0, 2), (1, 2))] for i in range(2)
    ]
    apart = factor_distances(split, np.arange(6).reshape(2, 3), {})["rotation"]
    np.testing.assert_allclose(apart, expected, atol=1e-7)


def test_an_objects_distances_to_the_others() -> None:
    matrix = np.arange(9.0).reshape(3, 3)
    assert between_objects(matrix).tolist() == [[1, 2], [3, 5], [6, 7]]
