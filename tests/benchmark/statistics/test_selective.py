"""Areas under the curves equal scikit-learn's and slow loops over drawn views, ties included."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from iebench.benchmark.statistics import selective
from iebench.benchmark.statistics.selective import COVERAGES, Auroc, Certainty, Risk

GENERATOR = np.random.default_rng(0)
OBJECTS, VIEWS = 12, 5
OWNERS = np.repeat(np.arange(OBJECTS), VIEWS)
ERRORS = (GENERATOR.uniform(size=OBJECTS * VIEWS) < 0.4).astype(np.float64)
TIED = GENERATOR.integers(0, 6, OBJECTS * VIEWS).astype(np.float64)  # ties of about ten views each
ONCE = np.ones((1, OBJECTS), np.int64)
COUNTS = GENERATOR.multinomial(OBJECTS, np.full(OBJECTS, 1 / OBJECTS), size=7)


def slow_risk(scalar: np.ndarray, errors: np.ndarray, coverage: float) -> float:
    """Mean error of the first share of views, averaged over random orders of ties, by adding views one by one."""
    left, wrong = coverage * len(errors), 0.0
    for value in np.unique(scalar):
        group = errors[scalar == value]
        taken = min(left, len(group))
        wrong, left = wrong + taken * group.mean(), left - taken
    return wrong / (coverage * len(errors))


def test_auroc_equals_scikit_learns_for_each_bootstrap_sample() -> None:
    areas = Auroc(Certainty(TIED, ERRORS, OWNERS)).at(COUNTS)
    for counts, area in zip(COUNTS, areas, strict=True):
        weights = counts[OWNERS]
        assert area == pytest.approx(roc_auc_score(ERRORS, TIED, sample_weight=weights))


def test_risks_equal_a_slow_loop_for_each_bootstrap_sample() -> None:
    certainty = Certainty(TIED, ERRORS, OWNERS)
    for percent in (10, 35, 100):
        risks = Risk(certainty, percent).at(COUNTS)
        for counts, risk in zip(COUNTS, risks, strict=True):
            drawn = np.repeat(np.arange(len(OWNERS)), counts[OWNERS])
            assert risk == pytest.approx(slow_risk(TIED[drawn], ERRORS[drawn], percent / 100))
    areas = Risk(certainty).at(ONCE)
    assert areas[0] == pytest.approx(np.mean([slow_risk(TIED, ERRORS, c) for c in COVERAGES]))


def test_a_perfect_scalar_an_opposite_and_a_constant_one() -> None:
    for scalar, area in ((ERRORS, 1.0), (-ERRORS, 0.0), (np.zeros_like(ERRORS), 0.5)):
        assert Auroc(Certainty(scalar, ERRORS, OWNERS)).at(ONCE)[0] == area
    rate = ERRORS.mean()
    assert Risk(Certainty(np.zeros_like(ERRORS), ERRORS, OWNERS)).at(ONCE)[0] == pytest.approx(rate)
    best = Certainty(ERRORS, ERRORS, OWNERS)
    assert Risk(best, int(100 * (1 - rate))).at(ONCE)[0] == pytest.approx(0)
    assert Risk(best, 100).at(ONCE)[0] == pytest.approx(rate)


def test_samples_without_wrong_or_without_right_answers_have_half() -> None:
    right = np.zeros_like(ERRORS)
    assert Auroc(Certainty(TIED, right, OWNERS)).at(COUNTS).tolist() == [0.5] * len(COUNTS)


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Certainty(TIED, ERRORS, OWNERS).measures(COUNTS)
    monkeypatch.setattr(selective, "CHUNK", 2 * len(ERRORS))
    np.testing.assert_allclose(Certainty(TIED, ERRORS, OWNERS).measures(COUNTS), whole, rtol=1e-12)


def test_other_bootstrap_samples_have_their_own_measures() -> None:
    certainty = Certainty(TIED, ERRORS, OWNERS)
    first, other = certainty.measures(COUNTS), certainty.measures(COUNTS[:3].copy())
    assert len(first) == 7 and len(other) == 3
    np.testing.assert_allclose(other, first[:3])
