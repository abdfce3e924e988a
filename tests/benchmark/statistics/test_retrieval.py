"""Ranks and neighbours computed in tiles equal plain loops, ties included."""

import itertools

import numpy as np
import pytest
import torch

from iebench.benchmark.statistics import retrieval
from iebench.benchmark.statistics.retrieval import (
    RankCounts,
    chance_reciprocal,
    nearest_mean,
    own_rank_counts,
    rank_counts,
    unit,
)

CPU = torch.device("cpu")


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(5)


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    return unit(torch.from_numpy(vectors)).numpy()


def test_ranks_equal_sorting(generator: np.random.Generator) -> None:
    scores, correct = generator.normal(size=(300, 16)), generator.integers(0, 16, 300)
    expected = np.array([1 + np.argsort(-row).tolist().index(c) for row, c in zip(scores, correct, strict=True)])
    counts = rank_counts(scores, correct, 0.0)
    np.testing.assert_array_equal(counts.ranks, expected)
    np.testing.assert_allclose(counts.reciprocal, 1 / expected, rtol=1e-12)
    np.testing.assert_array_equal(counts.within(5), expected <= 5)


def test_ties_count_as_the_mean_over_all_their_orders() -> None:
    counts = rank_counts(np.array([[0.5, 0.9, 0.5, 0.5 + 1e-9]]), np.array([0]), tie=1e-6)
    ranks = np.array([2 + order.index(0) for order in itertools.permutations(range(3))])
    assert counts.ranks[0] == ranks.mean() and counts.reciprocal[0] == pytest.approx((1 / ranks).mean())
    assert [counts.within(k)[0] for k in (1, 2, 3, 4)] == pytest.approx([(ranks <= k).mean() for k in (1, 2, 3, 4)])


def test_a_collapsed_encoder_scores_chance() -> None:
    counts = own_rank_counts(np.ones((3, 50, 2), np.float32), np.ones((3, 50, 2), np.float32), tie=1e-6)
    assert set(counts.ranks.tolist()) == {25.5}
    np.testing.assert_allclose(counts.reciprocal, chance_reciprocal(50))
    np.testing.assert_allclose(counts.within(1), 0.02)


def test_chance_is_that_of_random_orders(generator: np.random.Generator) -> None:
    ranks = np.array([1 + generator.permutation(12).tolist().index(0) for _ in range(20_000)])
    assert chance_reciprocal(12) == pytest.approx((1 / ranks).mean(), abs=0.01)


def test_objects_in_blocks_give_the_same_places(
    generator: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery, queries = (unit_rows(generator.normal(size=(9, 7, 4)).astype(np.float32)) for _ in range(2))
    whole = own_rank_counts(gallery, queries, 0.0)
    for i, rank in enumerate(whole.ranks):
        scores = gallery[i // 7].astype(np.float64) @ queries[i // 7, i % 7].astype(np.float64)
        assert rank == 1 + np.argsort(-scores).tolist().index(i % 7)
    monkeypatch.setattr(retrieval, "QUERIES", 1)
    monkeypatch.setattr(retrieval, "TILE", 1)
    for counts, expected in zip(
        vars(whole).values(), vars(own_rank_counts(gallery, queries, 0.0)).values(), strict=True
    ):
        np.testing.assert_array_equal(counts, expected)


@pytest.mark.parametrize("tile", [7, 50, 1000])
@pytest.mark.parametrize("bars", [False, True])
def test_the_nearest_row_equals_a_plain_loop_whatever_the_tiles(
    tile: int, bars: bool, generator: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery, queries = (unit_rows(generator.normal(size=(50, 6)).astype(np.float32)) for _ in range(2))
    gallery[30] = gallery[3]  # a tie now and then
    barred = generator.integers(0, 50, 50) if bars else None
    values, expected = generator.normal(size=(50, 3)), []
    for i, query in enumerate(queries.astype(np.float64)):
        scores = np.array([float(query @ row) for row in gallery.astype(np.float64)])
        if barred is not None:
            scores[barred[i]] = -np.inf
        expected.append(values[scores >= scores.max() - 1e-6].mean(0))
    monkeypatch.setattr(retrieval, "QUERIES", tile)
    monkeypatch.setattr(retrieval, "TILE", tile)
    np.testing.assert_allclose(nearest_mean(gallery, queries, values, CPU, 1e-6, barred), expected, rtol=1e-12)


def test_where_all_ties_the_mean_is_that_of_all_that_may_be_found(generator: np.random.Generator) -> None:
    values, ones = generator.normal(size=(20, 2)), np.ones((20, 3), np.float32)
    means = nearest_mean(ones, ones[:4], values, CPU, 1e-6, barred=np.arange(4))
    np.testing.assert_allclose(means, [(values.sum(0) - values[i]) / 19 for i in range(4)])


def test_a_zero_vector_is_not_a_number_trap() -> None:
    assert np.isfinite(unit_rows(np.zeros((2, 3), np.float32))).all()


@pytest.mark.parametrize("scale", [1e-36, 1e-25, 1e-16, 1e16, 1e25, 1e37])
def test_a_vector_of_any_length_keeps_its_direction(generator: np.random.Generator, scale: float) -> None:
    plain = generator.normal(size=(2, 5, 8)).astype(np.float32)
    scaled = plain.copy()
    scaled[1, :3] *= np.float32(scale)
    np.testing.assert_allclose(unit_rows(scaled), unit_rows(plain), atol=1e-6)


def test_a_place_is_a_share_of_the_orders() -> None:
    counts = RankCounts(np.array([0, 3]), np.array([1, 4]))
    assert counts.within(5).tolist() == [1.0, 0.5] and counts.ranks.tolist() == [1.0, 5.5]
