"""Logistic regression reaches scikit-learn's optimum for any scale of the columns."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from iebench.benchmark.statistics.logistic import Logistic
from iebench.benchmark.statistics.spectrum import Spectrum

GRADIENT = 1e-7


def drawn(rows: int, columns: int, classes: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = np.random.default_rng(rows)
    labels = generator.integers(0, classes, rows)
    centres = generator.normal(size=(classes, columns))
    scales = np.logspace(0.5, -1.5, columns)
    return torch.from_numpy((centres[labels] + generator.normal(size=(rows, columns))) * scales), torch.from_numpy(
        labels
    )


def regression(inputs: torch.Tensor, labels: torch.Tensor, classes: int) -> Logistic:
    return Logistic(Spectrum.of(lambda: iter([inputs])), inputs, labels, classes)


@pytest.mark.parametrize(("rows", "columns"), [(300, 8), (30, 80)])
@pytest.mark.slow
def test_every_optimum_of_the_path_is_scikit_learns(rows: int, columns: int) -> None:
    inputs, labels = drawn(rows, columns, 4)
    penalties = [1.0, 1e-1, 1e-2, 1e-3]
    for penalty, optimum in zip(penalties, regression(inputs, labels, 4).path(penalties, GRADIENT), strict=True):
        assert optimum.gradient <= GRADIENT and optimum.iterations > 0
        reference = LogisticRegression(C=1 / (penalty * rows), tol=1e-8, max_iter=10_000).fit(inputs, labels)
        np.testing.assert_allclose(
            optimum.fit(inputs).softmax(1).numpy(), reference.predict_proba(inputs), rtol=1e-3, atol=1e-5
        )


def test_the_start_of_the_search_does_not_matter() -> None:
    inputs, labels = drawn(200, 8, 4)
    along = list(regression(inputs, labels, 4).path([1.0, 1e-2], GRADIENT))[-1]
    (alone,) = regression(inputs, labels, 4).path([1e-2], GRADIENT)
    np.testing.assert_allclose(along.fit(inputs).numpy(), alone.fit(inputs).numpy(), atol=1e-4)


def test_float32_finds_the_same_where_less_is_asked_for() -> None:
    inputs, labels = drawn(300, 8, 4)
    some = regression(inputs, labels, 4)
    (fine,), (coarse,) = some.path([1e-2], GRADIENT), some.path([1e-2], 1e-3, dtype=torch.float32)
    assert coarse.gradient <= 1e-3 and coarse.iterations < fine.iterations
    np.testing.assert_allclose(coarse.fit(inputs).softmax(1), fine.fit(inputs).softmax(1), atol=0.01)


def test_a_class_without_rows_stays_finite_and_last() -> None:
    inputs, labels = drawn(200, 8, 4)
    some = regression(inputs, labels, 5)
    for optimum in (some.constant(), *some.path([1e-1, 1e-6], 1e-5)):
        logits = optimum.fit(inputs)
        assert torch.isfinite(logits).all() and (logits.argmax(1) != 4).all()


def test_without_any_column_that_varies_it_answers_the_shares() -> None:
    _, labels = drawn(200, 8, 4)
    inputs = torch.ones(200, 3, dtype=torch.float64)
    (optimum,) = regression(inputs, labels, 4).path([1e-3], 1e-6)
    shares = torch.bincount(labels).double() / len(labels)
    np.testing.assert_allclose(optimum.fit(inputs[:1]).softmax(1).numpy()[0], shares.numpy(), atol=1e-5)
