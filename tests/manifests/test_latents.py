"""Latents: laws, independence, and freedom from order."""

import numpy as np
import pytest
from scipy import stats

from iebench.manifests.latents import draw, draw_all
from iebench.manifests.recipe import load

RECIPE = load("3diebench")
MANY = {f.name: np.concatenate([draw(f, 0, "03797390", f"{i}", 50) for i in range(400)]) for f in RECIPE.factors}


@pytest.mark.parametrize("factor", RECIPE.factors, ids=lambda f: f.name)
def test_values_follow_the_law(factor):
    assert stats.kstest(MANY[factor.name], factor.law.cdf).pvalue > 1e-3
    assert MANY[factor.name].min() >= factor.law.low
    assert MANY[factor.name].max() < factor.law.high


def test_factors_are_uncorrelated_with_each_other_and_with_the_next_view():
    values = np.array(list(MANY.values()))
    count, width = values.shape[1], len(values)
    both = np.corrcoef(np.vstack([values[:, :-1], values[:, 1:]]))
    off_diagonal = both[~np.eye(2 * width, dtype=bool)]
    assert np.abs(off_diagonal).max() < 5 / np.sqrt(count)


def test_a_value_depends_on_nothing_but_its_own_name_and_view():
    factor = RECIPE.factors[3]
    long, short = draw(factor, 0, "s", "o", 50), draw(factor, 0, "s", "o", 7)
    assert np.array_equal(long[:7], short)
    assert np.array_equal(draw_all(RECIPE, 0, "s", "o", 7)[factor.name], short)


@pytest.mark.parametrize("change", [{"seed": 1}, {"synset": "t"}, {"object_id": "p"}])
def test_every_part_of_the_name_matters(change):
    name = {"seed": 0, "synset": "s", "object_id": "o"}
    factor = RECIPE.factors[0]
    assert not np.isin(draw(factor, **name, views=50), draw(factor, **{**name, **change}, views=50)).any()


def test_the_stream_has_not_changed():
    """Datasets rendered earlier must come out the same: a failure here is a new dataset format."""
    assert draw(RECIPE.factors[0], 0, "03797390", "00000", 2) == pytest.approx([-1.06381761, -0.25749318], abs=1e-8)
