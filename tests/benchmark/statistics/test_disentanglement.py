"""Mutual information, entropies and importances equal scikit-learn, scipy and closed forms."""

import numpy as np
import pytest
from scipy.stats import entropy as reference
from sklearn.metrics import mutual_info_score

from iebench.benchmark.statistics.disentanglement import (
    Alignment,
    Gap,
    completeness,
    disentanglement,
    entropy,
    information,
    joint,
)


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(0)


def test_information_equals_scikit_learns(generator: np.random.Generator) -> None:
    factor = generator.integers(0, 6, 500)
    columns = np.stack([factor // 2, generator.integers(0, 4, 500), (factor + generator.integers(0, 2, 500)) % 4], 1)
    expected = [mutual_info_score(factor, column) for column in columns.T]
    np.testing.assert_allclose(information(joint(factor, columns, 7, 5)), expected, atol=1e-12)
    assert expected[0] > expected[2] > expected[1] > 0


def test_information_in_closed_form() -> None:
    """Symmetric binary channel with an error rate of a quarter: ln 2 - H(1/4)."""
    table = np.array([[[3.0, 1.0], [1.0, 3.0]]])
    assert information(table)[0] == pytest.approx(np.log(2) - reference([0.25, 0.75]))
    assert information(np.ones((1, 3, 4)))[0] == pytest.approx(0.0)
    assert information(np.diag([2.0, 2.0, 2.0]))[()] == pytest.approx(np.log(3))
    assert entropy(np.zeros(4)) == 0.0


def test_dci_equals_plain_loops(generator: np.random.Generator) -> None:
    importance = generator.exponential(size=(7, 3)) ** 3
    pure = [1 - reference(row, base=3) for row in importance]
    assert disentanglement(importance) == pytest.approx(np.average(pure, weights=importance.sum(1)))
    assert completeness(importance) == pytest.approx(np.mean([1 - reference(c, base=7) for c in importance.T]))


def test_dci_at_its_ends() -> None:
    one_each = np.eye(5)[:, :3]
    assert disentanglement(one_each) == completeness(one_each) == 1.0
    alike = np.ones((5, 3))
    assert disentanglement(alike) == pytest.approx(0.0) and completeness(alike) == pytest.approx(0.0)
    assert disentanglement(np.zeros((5, 3))) == completeness(np.zeros((5, 3))) == 0.0
    shared = np.array([[1.0, 1.0], [0.0, 0.0]])  # one column for both: complete, not disentangled
    assert completeness(shared) == 1.0 and disentanglement(shared) == pytest.approx(0.0)


def test_a_draw_is_the_statistic_of_the_objects_in_it(generator: np.random.Generator) -> None:
    counts = np.array([[1, 1, 1, 1], [0, 3, 1, 0], [2, 0, 0, 2]])
    tables = [generator.integers(0, 9, (2, 4, 3, 5)).astype(np.uint16) for _ in range(2)]
    sums = [generator.normal(size=(4, 6)).astype(np.float32) for _ in range(3)]
    gaps = Gap(8, tables).at(counts)
    kinds = {kind: Alignment(8, sums, kind).at(counts) for kind in ("disentanglement", "completeness")}
    for draw, weights in enumerate(counts):
        chosen = np.repeat(np.arange(4), weights)
        shares = []
        for table in tables:
            first, second = table[:, chosen].astype(float).sum(1)
            shares.append(float(information(first) - information(second)) / reference(first.sum(1)))
        assert gaps[draw] == pytest.approx(np.mean(shares))
        importance = np.maximum(np.stack([values[chosen].sum(0) for values in sums], axis=1), 0).astype(float)
        assert kinds["disentanglement"][draw] == pytest.approx(disentanglement(importance), abs=1e-6)
        assert kinds["completeness"][draw] == pytest.approx(completeness(importance), abs=1e-6)
    assert Gap(8, tables).samples == 32
