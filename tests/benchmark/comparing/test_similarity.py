"""CKA and Procrustes equal slow loops and scipy, ignore rotations and scales, and have exact derivatives."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial import procrustes as scipys

from iebench.benchmark.comparing.similarity import centred, linear_cka, procrustes, shifted
from iebench.benchmark.statistics.bootstrap import Statistic

Array = NDArray[np.float64]
OBJECTS, VIEWS = 8, 3


def made(width: int, seed: int) -> Array:
    generator = np.random.default_rng(seed)
    return generator.normal(size=(OBJECTS, VIEWS, 3)) @ generator.normal(size=(3, width)) + generator.normal(size=width)


def turned(views: Array, seed: int = 5) -> Array:
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(views.shape[-1],) * 2))[0]
    return 7.0 * views @ turn + 2.0


def once(statistic: Statistic, weights: Array | None = None) -> float:
    counts = np.ones(OBJECTS) if weights is None else weights
    return float(statistic.at(counts[None])[0])  # type: ignore[arg-type]


def slow_cka(first: Array, second: Array, weights: Array) -> float:
    """HSIC of linear kernels, over all pairs of views, with a weight for each object (Kornblith et al. 2019, eq. 3)."""
    share = np.repeat(weights, VIEWS) / np.repeat(weights, VIEWS).sum()
    kernels = []
    for views in (first, second):
        rows = views.reshape(-1, views.shape[-1])
        rows = rows - share @ rows
        kernels.append([[float(a @ b) for b in rows] for a in rows])
    n = len(share)

    def hsic(k: list[list[float]], m: list[list[float]]) -> float:
        return sum(share[i] * share[j] * k[i][j] * m[i][j] for i in range(n) for j in range(n))

    k, m = kernels
    return float(hsic(k, m) / np.sqrt(hsic(k, k) * hsic(m, m)))


def slow_angle(first: Array, second: Array, weights: Array) -> float:
    share = np.repeat(weights, VIEWS) / np.repeat(weights, VIEWS).sum()
    x, y = (views.reshape(-1, views.shape[-1]) for views in (first, second))
    x, y = (np.sqrt(share)[:, None] * (rows - share @ rows) for rows in (x, y))
    cosine = np.linalg.norm(x.T @ y, "nuc") / np.linalg.norm(x) / np.linalg.norm(y)
    return float(np.degrees(np.arccos(cosine)))


MEASURES: dict[str, tuple[Callable[[Array, Array], Statistic], Callable[[Array, Array, Array], float]]] = {
    "cka": (linear_cka, slow_cka),
    "procrustes": (procrustes, slow_angle),
}


@pytest.mark.parametrize("name", MEASURES)
def test_values_and_derivatives_equal_a_slow_loop(name: str) -> None:
    fast, slow = MEASURES[name]
    first, second, ones = made(5, 0), made(4, 1), np.ones(OBJECTS)
    statistic = fast(first, second)
    assert once(statistic) == pytest.approx(slow(first, second, ones))
    assert statistic.samples == OBJECTS * VIEWS
    for i in range(OBJECTS):
        moved = ones + 1e-5 * (np.arange(OBJECTS) == i)
        change = slow(first, second, moved) - slow(first, second, ones)
        assert once(statistic, moved) - once(statistic) == pytest.approx(change, rel=1e-2, abs=1e-9)


@pytest.mark.parametrize("name", MEASURES)
def test_a_rotation_a_scale_and_a_shift_change_nothing(name: str) -> None:
    fast, _ = MEASURES[name]
    first, second = made(5, 0), made(4, 1)
    assert once(fast(turned(first), second)) == pytest.approx(once(fast(first, second)))
    assert once(fast(second, first)) == pytest.approx(once(fast(first, second)))
    wider = np.concatenate([first, np.zeros((OBJECTS, VIEWS, 3))], axis=-1)
    assert once(fast(wider, second)) == pytest.approx(once(fast(first, second)))


def test_equal_shapes_have_a_cka_of_1_and_an_angle_of_0() -> None:
    first = made(5, 0)
    assert once(linear_cka(first, turned(first))) == pytest.approx(1)
    assert once(procrustes(first, turned(first))) == pytest.approx(0, abs=1e-5)
    counts = np.random.default_rng(0).multinomial(OBJECTS, np.full(OBJECTS, 1 / OBJECTS), size=20)
    assert np.allclose(linear_cka(first, turned(first)).at(counts), 1)
    assert np.allclose(procrustes(first, turned(first)).at(counts), 0, atol=1e-5)


def test_procrustes_equals_scipys_disparity() -> None:
    """scipy's disparity is the squared sine of the angle."""
    first, second = made(4, 0), made(4, 1)
    disparity = scipys(centred(first), centred(second))[2]
    assert np.sin(np.radians(once(procrustes(first, second)))) ** 2 == pytest.approx(disparity)


def test_unrelated_features_have_a_cka_of_0_and_the_floor_is_near_it() -> None:
    generator = np.random.default_rng(0)
    first, second = (generator.normal(size=(2_000, 2, 3)) for _ in range(2))
    weights = np.ones((1, 2_000), np.int64)
    assert linear_cka(first, second).at(weights)[0] < 0.01
    assert procrustes(first, second).at(weights)[0] > 80
    assert linear_cka(first, shifted(first)).at(weights)[0] < 0.01 < linear_cka(first, first).at(weights)[0]


def test_the_floor_has_no_object_in_its_own_place() -> None:
    for objects in (3, 4, 5):
        numbers = np.arange(objects, dtype=np.float64).reshape(objects, 1, 1)
        assert (shifted(numbers) != numbers).all()
