"""Ridge regression from a decomposition equals scikit-learn's at every penalty, also with fewer rows than columns."""

import math
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge as Reference
from torch import Tensor

from iebench.benchmark.statistics.spectrum import Ridge, Spectrum

PENALTIES = [math.inf, 1e3, 1.0, 1e-3, 1e-6]


class Data:
    """Rows with correlated columns far from 0, and targets that are partly linear in them."""

    def __init__(self, rows: int, columns: int) -> None:
        generator = np.random.default_rng(columns)
        mixed = generator.normal(size=(columns, columns)) @ np.diag(np.logspace(0, -3, columns))
        self.x = generator.normal(size=(rows, columns)) @ mixed + 100
        self.y = self.x[:, :3] @ generator.normal(size=(3, 2)) + generator.normal(size=(rows, 2)) - 50

    def blocks(self) -> Iterator[Tensor]:
        """Yield the rows in blocks of seven."""
        yield from torch.from_numpy(self.x).split(7)

    @property
    def ridge(self) -> Ridge:
        """Fit the regression."""
        return Ridge.of(Spectrum.of(self.blocks), self.blocks, torch.from_numpy(self.y))


@pytest.fixture(params=[(200, 12), (40, 90)], ids=["tall", "wide"])
def data(request: pytest.FixtureRequest) -> Data:
    return Data(*request.param)


@pytest.mark.parametrize("penalty", PENALTIES[1:])
def test_it_is_scikit_learns(data: Data, penalty: float) -> None:
    reference = Reference(alpha=penalty * len(data.x), solver="svd").fit(data.x, data.y)
    others = np.random.default_rng(1).normal(size=(30, data.x.shape[1])) + 100
    predictions = data.ridge.solve(penalty)(torch.from_numpy(others)).numpy()
    np.testing.assert_allclose(predictions, reference.predict(others), rtol=1e-6, atol=1e-6)


def test_an_infinite_penalty_answers_the_mean(data: Data) -> None:
    predictions = data.ridge.solve(math.inf)(torch.from_numpy(data.x)).numpy()
    np.testing.assert_allclose(predictions, np.broadcast_to(data.y.mean(0), data.y.shape))


def test_errors_of_all_penalties_are_those_of_each(data: Data) -> None:
    other = Data(50, data.x.shape[1])
    targets = torch.from_numpy(other.y)
    errors = data.ridge.errors(PENALTIES, other.blocks, targets, [slice(0, 1), slice(0, 2)])
    each = [(data.ridge.solve(p)(torch.from_numpy(other.x)) - targets).square() for p in PENALTIES]
    np.testing.assert_allclose(errors[0].T, torch.stack(each)[..., 0], rtol=1e-6)
    np.testing.assert_allclose(errors[1].T, torch.stack(each).sum(-1), rtol=1e-6)


def test_columns_without_variance_and_copies_weigh_nothing() -> None:
    data = Data(60, 5)
    twice = Data(60, 5)
    twice.x = np.hstack([data.x, data.x, np.full((60, 3), 7.0)])
    single, double = data.ridge.solve(1e-6), twice.ridge.solve(2e-6)  # a copy halves the weight, and so the penalty
    np.testing.assert_allclose(
        single(torch.from_numpy(data.x)).numpy(), double(torch.from_numpy(twice.x)).numpy(), rtol=1e-6, atol=1e-6
    )
    twice.x = np.full((60, 3), 7.0)
    assert len(twice.ridge.spectrum.variances) == 0
    np.testing.assert_allclose(twice.ridge.solve(1e-3)(torch.from_numpy(twice.x)).numpy()[0], data.y.mean(0))
