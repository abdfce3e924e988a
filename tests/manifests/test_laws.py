"""Laws: the values of each law are distributed as its cdf."""

import numpy as np
import pytest
from scipy import stats

from iebench.manifests.fit import fit
from iebench.manifests.laws import LAWS, Constant, OutsideSquare, Sweep, TwoSided, Uniform, UniformSine, Whole, support

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


def test_every_law_is_tested_here():
    assert {type(law) for law in [*CONTINUOUS, Constant(1), Sweep(0, 1, 2), Whole(0, 1)]} == {
        LAWS[name] for name in LAWS
    }


@pytest.mark.parametrize("law", CONTINUOUS, ids=repr)
def test_values_are_distributed_as_the_cdf_says(law):
    assert stats.kstest(law.value(UNIFORMS, VIEW), law.cdf).pvalue > 1e-3


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


@pytest.mark.parametrize("law", [*CONTINUOUS, Constant(3.5), Sweep(-1, 2, 6)], ids=repr)
def test_the_support_is_where_values_fall(law):
    low, high = support(law)
    values = law.value(UNIFORMS, VIEW)
    width = max(high - low, 1.0)
    assert low - 1e-8 <= values.min() <= low + 1e-2 * width
    assert high - 1e-2 * width <= values.max() <= high + 1e-8
