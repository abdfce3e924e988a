"""Fit of values to laws: equal to scipy's distance; values outside a law's range are counted."""

import numpy as np
import pytest
from scipy import stats

from iebench.manifests.fit import fit
from iebench.manifests.laws import Constant, TwoSided, Uniform, UniformSine

UNIFORMS = np.random.default_rng(0).random((4000, 4))
VIEWS = np.arange(4000)


@pytest.mark.parametrize("law", [Uniform(-2.0, 1.0), TwoSided(1.0, 3.0), UniformSine()])
def test_a_law_fits_its_own_values_and_no_others(law):
    values = law.value(UNIFORMS, VIEWS)
    fitted, expected = fit(values, law), stats.kstest(values, law.cdf)
    assert fitted.distance == pytest.approx(expected.statistic, abs=1e-12)
    assert fitted.chance == pytest.approx(expected.pvalue, abs=0.02) and fitted.chance > 1e-3
    assert (fitted.count, fitted.least, fitted.greatest, fitted.outside) == (4000, values.min(), values.max(), 0)
    assert fit(values * 0.8, law).chance < 1e-6
    assert fit(np.r_[values, 7.0, -7.0], law).outside == 2


def test_ties_and_gaps():
    assert fit(np.full(100, 0.25), Constant(0.25)).distance == 0
    assert fit(np.full(100, 0.25), Constant(0.5)).outside == 100
    assert fit(np.array([-2.0, 0.5, 2.0]), TwoSided(1.0, 3.0)).outside == 1
    assert fit(np.full(100, 0.0), Uniform(-1.0, 1.0)).distance == 0.5
