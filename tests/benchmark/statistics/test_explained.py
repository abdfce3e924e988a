"""Ratios of variances: independent of offset and scale, and bounded when the denominator is nearly 0."""

import numpy as np
import pytest
from numpy.typing import NDArray

from iebench.benchmark.statistics.bootstrap import Bootstrap
from iebench.benchmark.statistics.explained import R2, Between, Explained, Share, varying

Array = NDArray[np.float64]
OBJECTS = np.repeat(np.arange(300), 40)
COUNTS = Bootstrap.of(300, 50, 0.95, 0).counts
ONCE = np.ones((1, 300), np.int64)


def rotations_about_one_axis(generator: np.random.Generator) -> Array:
    """Rotation matrices with five entries that are constant up to rounding, as products of cosines and sines."""
    angle = generator.uniform(-1, 1, len(OBJECTS))
    c, s, rounding = np.cos(angle), np.sin(angle), 1e-16 * generator.normal(size=(5, len(OBJECTS)))
    return np.stack([c, -s, 0.6 + rounding[0], s, c, rounding[1], 0.8 + rounding[2], rounding[3], 1 + rounding[4]], 1)


def test_a_component_that_is_constant_up_to_rounding_explains_nothing_in_any_draw() -> None:
    generator = np.random.default_rng(0)
    targets = rotations_about_one_axis(generator)
    answers = targets + 0.1 * generator.normal(size=targets.shape)
    draws = R2.of(targets, answers, OBJECTS, pooled=False).at(COUNTS)
    vary = R2.of(targets[:, [0, 1, 3, 4]], answers[:, [0, 1, 3, 4]], OBJECTS, pooled=False).at(COUNTS)
    np.testing.assert_allclose(draws, vary * 4 / 9, rtol=1e-12)


@pytest.mark.parametrize("pooled", [True, False])
@pytest.mark.parametrize("offset", [1e3, 1e6])
def test_r2_has_its_digits_whatever_is_added_to_targets(pooled: bool, offset: float) -> None:
    generator = np.random.default_rng(1)
    targets = generator.normal(size=(len(OBJECTS), 3))
    answers = targets + 0.3 * generator.normal(size=targets.shape)
    plain = R2.of(targets, answers, OBJECTS, pooled).at(COUNTS)
    shifted = R2.of(targets + offset, answers + offset, OBJECTS, pooled).at(COUNTS)
    np.testing.assert_allclose(shifted, plain, atol=1e-8)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_r2_is_free_of_the_unit(scale: float) -> None:
    targets = np.random.default_rng(2).normal(size=(len(OBJECTS), 2))
    answers = 0.5 * targets
    for pooled in (True, False):
        draws = R2.of(scale * targets, scale * answers, OBJECTS, pooled).at(COUNTS)
        np.testing.assert_allclose(draws, R2.of(targets, answers, OBJECTS, pooled).at(COUNTS), rtol=1e-9)


def test_targets_that_are_all_zero_have_an_r2_of_zero() -> None:
    nothing = np.zeros((len(OBJECTS), 2))
    for pooled in (True, False):
        assert not R2.of(nothing, nothing, OBJECTS, pooled).at(COUNTS).any()
        assert not R2.of(nothing, nothing + 1, OBJECTS, pooled).at(COUNTS).any()


def test_components_that_vary_beside_the_others_in_both_splits() -> None:
    generator = np.random.default_rng(3)
    targets = rotations_about_one_axis(generator)
    assert varying(targets).tolist() == [0, 1, 3, 4]
    still = targets.copy()
    still[:, 1] = 0.25
    assert varying(targets, still).tolist() == varying(still, targets).tolist() == [0, 3, 4]
    assert varying(1e-9 * targets).tolist() == [0, 1, 3, 4]  # in any unit
    assert not len(varying(np.full((9, 3), 0.3))) and not len(varying(np.zeros((9, 3)), targets[:9, :3]))
    assert varying(generator.normal(size=(500, 2)) * [1, 1e-3]).tolist() == [0]


def features_of(scale: float) -> tuple[Array, Array]:
    """Views (objects, views, 3) and a prediction of them; both share a part that is constant for each object."""
    generator = np.random.default_rng(4)
    views = generator.normal(size=(300, 1, 3)) + generator.normal(size=(300, 4, 3))
    return scale * views, scale * (views + 0.4 * generator.normal(size=views.shape))


def moments(views: Array) -> tuple[Array, Array]:
    return views.sum(1), (views**2).sum((1, 2))


@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_shares_of_variance_are_free_of_the_unit(scale: float) -> None:
    def both(scale: float) -> list[Array]:
        views, answers = features_of(scale)
        residual = ((views - answers) ** 2).sum((1, 2))
        within = ((views - views.mean(1, keepdims=True)) ** 2).sum((1, 2))
        nothing = 1e-12 * (views**2).sum() / views[..., 0].size
        return [
            Explained(4, residual, *moments(views), nothing).at(COUNTS),
            Between(4, within, *moments(views), nothing).at(COUNTS),
        ]

    for draws, expected in zip(both(scale), both(1.0), strict=True):
        np.testing.assert_allclose(draws, expected, rtol=1e-9)


def test_a_share_near_zero_lies_inside_its_interval() -> None:
    """Objects differ more than their views, and the prediction is a constant beside the mean."""
    views = np.random.default_rng(6).normal(size=(20, 1, 50)) + 0.1 * np.random.default_rng(7).normal(size=(20, 4, 50))
    share = Explained(4, ((views - 0.02) ** 2).sum((1, 2)), *moments(views), 1e-12)
    slow = 1 - ((views - 0.02) ** 2).sum() / ((views - views.mean((0, 1))) ** 2).sum()
    value, drawn = share.at(np.ones((1, 20), np.int64))[0], share.at(Bootstrap.of(20, 1000, 0.95, 0).counts)
    assert value == pytest.approx(slow, abs=1e-12) and drawn.mean() == pytest.approx(value, abs=5e-3)
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert low < value < high


def test_views_that_are_all_alike_leave_nothing_to_explain() -> None:
    views = np.zeros((300, 4, 3)) + 1e-9 * np.random.default_rng(5).normal(size=(300, 4, 3))  # of a size near 1
    residual = np.ones(300)
    for kind in (Explained, Between):
        assert not kind(4, residual if kind is Explained else np.zeros(300), *moments(views), 1e-12).at(COUNTS).any()


def test_a_share_of_nothing_is_one() -> None:
    share = Share.of(np.ones(len(OBJECTS)), np.zeros(len(OBJECTS)), OBJECTS)
    assert (share.at(ONCE) == 1).all() and (share.each == 1).all()
