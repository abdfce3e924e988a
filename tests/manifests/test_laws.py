"""Laws: the values of each law are distributed as its cdf."""

import numpy as np
import pytest
from scipy import stats

from iebench.manifests.conventions import pose
from iebench.manifests.fit import fit
from iebench.manifests.laws import (
    LAWS,
    Constant,
    OutsideSquare,
    Steps,
    Sweep,
    TwoSided,
    Uniform,
    UniformSine,
    Whole,
    support,
)

COUNT = 20_000
UNIFORMS = np.random.default_rng(0).random((COUNT, 4))
VIEW = np.arange(COUNT)
CONTINUOUS = [
    Uniform(-2, 5),
    TwoSided(1, 3),
    UniformSine(),
    OutsideSquare(1, 2, "first"),
    OutsideSquare(1, 2, "second"),
    OutsideSquare(0.3, 2.5, "first"),
    OutsideSquare(0.3, 2.5, "second"),
]
STEPS = [Steps(5, 0.3, 1.0, axis) for axis in "xyz"]


def test_every_law_is_tested_here():
    assert {type(law) for law in [*CONTINUOUS, *STEPS, Constant(1), Sweep(0, 1, 2), Whole(0, 1)]} == {
        LAWS[name] for name in LAWS
    }


@pytest.mark.parametrize("law", CONTINUOUS, ids=repr)
def test_values_are_distributed_as_the_cdf_says(law):
    assert stats.kstest(law.value(UNIFORMS, VIEW), law.cdf).pvalue > 1e-3


@pytest.mark.parametrize("law", STEPS, ids=repr)
def test_each_view_of_a_run_is_distributed_as_the_cdf_says(law):
    values = law.value(UNIFORMS, VIEW).reshape(-1, law.run)
    assert min(stats.kstest(column, law.cdf).pvalue for column in values.T) > 1e-3
    assert fit(values.ravel(), law).outside == 0


def test_within_a_run_rotations_move_by_one_step_and_are_uniform():
    """Under Haar measure a rotation has an angle of density (1 - cos) / pi; the step has a uniform axis and angle."""
    turns = pose(np.stack([law.value(UNIFORMS, VIEW) for law in STEPS], axis=-1))
    angle = turns.magnitude().reshape(-1, 5)
    assert min(stats.kstest(column, lambda a: (a - np.sin(a)) / np.pi).pvalue for column in angle.T) > 1e-3
    moved = (turns[:-1].inv() * turns[1:]).as_rotvec()
    steps = np.r_[moved, [[0, 0, 0]]].reshape(-1, 5, 3)[:, :4]  # without the change from run to run
    assert np.abs(steps - steps[:, :1]).max() < 1e-7
    size = np.linalg.norm(steps[:, 0], axis=1)
    assert stats.kstest(size, stats.uniform(0.3, 0.7).cdf).pvalue > 1e-3
    for direction in np.eye(3):
        assert stats.kstest(steps[:, 0] @ direction / size, stats.uniform(-1, 2).cdf).pvalue > 1e-3


def test_a_run_that_is_cut_short_begins_as_the_whole_one():
    for law in STEPS:
        whole = law.value(UNIFORMS[:12], VIEW[:12])
        for count in (2, 5, 6, 7, 11):
            assert np.array_equal(law.value(UNIFORMS[:count], VIEW[:count]), whole[:count])


@pytest.mark.parametrize(("low", "high"), [(-0.1, 1.0), (0.1, 3.2)])
def test_a_step_is_at_most_half_a_turn(low, high):
    with pytest.raises(ValueError, match="not angles of a step"):
        Steps(3, low, high, "x")


def test_outside_a_square_the_two_coordinates_make_one_uniform_point():
    """Compares with rejection sampling from the large square, cell by cell on a 10 x 10 grid."""
    inner, outer = 1.0, 2.5
    axes = ("first", "second")
    ours = np.column_stack([OutsideSquare(inner, outer, axis).value(UNIFORMS, VIEW) for axis in axes])
    assert (np.abs(ours).max(1) > inner).all()
    edges = [np.linspace(-outer, outer, 11)] * 2
    counts = np.histogram2d(*ours.T, edges)[0]
    expected = COUNT * 0.25 / (4 * (outer**2 - inner**2))
    free = np.add.outer(*[np.abs(edges[0][:-1] + 0.25) > inner] * 2) > 0
    assert counts[~free].sum() == 0
    assert stats.chisquare(counts[free], np.full(free.sum(), expected)).pvalue > 1e-3


def test_a_constant_and_a_sweep_are_what_they_say():
    assert set(Constant(0.3).value(UNIFORMS, VIEW)) == {0.3}
    assert Constant(0.3).cdf(np.array([0.29, 0.3])).tolist() == [0, 1]
    sweep = Sweep(-1, 1, 4)
    assert sweep.value(UNIFORMS[:6], VIEW[:6]).tolist() == [-1, -0.5, 0, 0.5, -1, -0.5]
    assert sweep.cdf(np.array([-1.1, -1, -0.6, 0.5, 2])).tolist() == [0, 0.25, 0.25, 1, 1]


def test_whole_numbers_are_equally_likely_and_both_ends_are_among_them():
    law = Whole(-1, 3)
    numbers, counts = np.unique(law.value(UNIFORMS, VIEW), return_counts=True)
    assert numbers.tolist() == [-1, 0, 1, 2, 3] and stats.chisquare(counts).pvalue > 1e-3
    assert law.cdf(np.array([-1.1, -1, 0.5, 3, 4])).tolist() == [0, 0.2, 0.4, 1, 1]
    assert support(law) == (-1, 3)
    assert fit(law.value(UNIFORMS[:500], VIEW[:500]), law).outside == 0


@pytest.mark.parametrize("make", [lambda: Uniform(1, 1), lambda: OutsideSquare(2, 1, "first"), lambda: Sweep(0, 1, 0)])
def test_an_impossible_law_is_refused(make):
    with pytest.raises(ValueError, match="must be below"):
        make()


@pytest.mark.parametrize("law", [*CONTINUOUS, *STEPS, Constant(3.5), Sweep(-1, 2, 6)], ids=repr)
def test_the_support_is_where_values_fall(law):
    low, high = support(law)
    values = law.value(UNIFORMS, VIEW)
    width = max(high - low, 1.0)
    assert low - 1e-8 <= values.min() <= low + 1e-2 * width
    assert high - 1e-2 * width <= values.max() <= high + 1e-8
