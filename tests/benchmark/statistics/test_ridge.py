"""Ridge regression from sums equals the closed form over the rows."""

import numpy as np
import pytest

from iebench.benchmark.statistics import ridge
from iebench.benchmark.statistics.ridge import PENALTIES, Few, Sums, fit, fits


@pytest.fixture
def rows() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    x = generator.normal(size=(200, 5)) * [1, 2, 3, 40, 0.1]
    return x, x @ generator.normal(size=(5, 2)) + 0.3 * generator.normal(size=(200, 2))


def test_the_solution_is_that_of_least_squares_over_rows_and_penalty_rows(rows: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = rows
    penalty = 0.2
    # one more row for each column: sqrt(penalty) times the column's length, with target 0
    extra = np.diag(np.sqrt(penalty) * np.linalg.norm(x, axis=0))
    expected = np.linalg.lstsq(np.vstack([x, extra]), np.vstack([y, np.zeros((5, 2))]), rcond=None)[0]
    sums = Sums.of((x[i : i + 30], y[i : i + 30]) for i in range(0, 200, 30))
    np.testing.assert_allclose(sums.solve(penalty), expected, rtol=1e-9)
    assert sums.residual(expected) == pytest.approx(((y - x @ expected) ** 2).sum()) and sums.rows == 200


def test_units_of_the_columns_do_not_matter(rows: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = rows
    units = np.array([1e3, 1, 1, 1e-2, 5])
    weights, scaled = Sums.of([(x, y)]).solve(0.1), Sums.of([(x * units, y)]).solve(0.1)
    np.testing.assert_allclose(x @ weights, x * units @ scaled, rtol=1e-8)


def test_the_first_columns_are_those_of_a_smaller_problem(rows: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = rows
    np.testing.assert_allclose(Sums.of([(x, y)]).first(3).solve(1e-3), Sums.of([(x[:, :3], y)]).solve(1e-3), rtol=1e-12)


def test_some_targets_alone_have_their_own_sums(rows: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = rows
    alone = Sums.of([(x, y)]).of_targets(slice(1, 2))
    expected = Sums.of([(x, y[:, 1:])])
    np.testing.assert_allclose(alone.solve(1e-3), expected.solve(1e-3), rtol=1e-12)
    assert alone.residual(np.ones((5, 1))) == pytest.approx(expected.residual(np.ones((5, 1))))


def test_the_tuners_choose_the_penalty() -> None:
    generator = np.random.default_rng(1)
    x, y = generator.normal(size=(30, 25)), generator.normal(size=(30, 1))  # targets are independent of the features
    training, tuning = Sums.of([(x, y)]), Sums.of([(generator.normal(size=(500, 25)), generator.normal(size=(500, 1)))])
    np.testing.assert_array_equal(fit(training, tuning), (training + tuning).solve(max(PENALTIES)))
    exact = Sums.of([(x, x @ np.ones((25, 1)))])
    np.testing.assert_allclose(fit(exact, exact), np.ones((25, 1)), rtol=1e-6)
    np.testing.assert_array_equal(fit(training, None), training.solve(1e-3))


def test_a_column_of_zeros_weighs_nothing() -> None:
    x = np.concatenate([np.zeros((10, 1)), np.ones((10, 1))], axis=1)
    np.testing.assert_allclose(Sums.of([(x, 3 * np.ones((10, 1)))]).solve(1e-9), [[0.0], [3.0]], rtol=1e-6)


@pytest.mark.parametrize("columns", [5, 300])
@pytest.mark.slow
def test_few_rows_give_what_their_sums_give(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ridge, "COLUMNS", 64)
    generator = np.random.default_rng(2)
    x = generator.normal(size=(90, columns)) * generator.uniform(0.1, 40, columns)
    x = x.astype(np.float32).astype(np.float64)
    x[:, 3] = 0
    y = x[:, :2] @ generator.normal(size=(2, 3)) + generator.normal(size=(90, 3))
    cut = (slice(0, 60), slice(60, 90))
    sums, few = ([kind.of([(x[c][i : i + 20], y[c][i : i + 20]) for i in (0, 20, 40) if len(x[c][i:])]) for c in cut]
                 for kind in (Sums, Few))  # fmt: skip
    for penalty in (1e-3, 1.0):
        np.testing.assert_allclose(few[0].solve(penalty), sums[0].solve(penalty), rtol=1e-5, atol=1e-9)
    weights = sums[0].solve(0.1)
    assert few[1].residual(weights) == pytest.approx(sums[1].residual(weights)) and few[1].rows == 30
    groups = [slice(0, 1), slice(1, 3)]
    for few_weights, expected in zip(fits(*few, groups), fits(*sums, groups), strict=True):
        np.testing.assert_allclose(x @ few_weights, x @ expected, atol=1e-4)
    turn = np.linalg.qr(generator.normal(size=(columns, columns)))[0]
    for rotation in (None, lambda rows: rows @ turn):
        np.testing.assert_allclose(few[0].mean_squares(rotation), sums[0].mean_squares(rotation), rtol=1e-9)
    np.testing.assert_allclose((few[0] + few[1]).solve(0.1), (sums[0] + sums[1]).solve(0.1), rtol=1e-5, atol=1e-9)
