"""Loss terms: equality with float64 loops and numpy, and their properties."""

import math

import numpy as np
import pytest
import torch
from contrast import restated_nt_xent
from torch import Tensor

from iebench.baselines.losses import covariance, distance, nt_xent, total, variance


def embeddings(batch: int = 7, size: int = 5, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(batch, size, generator=generator, dtype=torch.float64) * torch.linspace(0.1, 2, size)


def test_distance_is_the_mean_squared_difference() -> None:
    x, y = embeddings(seed=1), embeddings(seed=2)
    entries = [(float(x[i, j]) - float(y[i, j])) ** 2 for i in range(7) for j in range(5)]
    assert float(distance(x, y)) == pytest.approx(sum(entries) / 35, rel=1e-12)


def test_variance_equals_a_loop_over_dimensions() -> None:
    x = embeddings()
    hinges = [max(0.0, 1 - math.sqrt(np.var(column, ddof=1) + 1e-4)) for column in x.numpy().T]
    assert 0 < sum(hinge > 0 for hinge in hinges) < 5  # both sides of the hinge are covered
    assert float(variance(x)) == pytest.approx(0.5 * sum(hinges) / 5, rel=1e-12)


def test_covariance_equals_numpy() -> None:
    x = embeddings()
    matrix = np.cov(x.numpy().T, ddof=1)
    expected = sum(matrix[i, j] ** 2 for i in range(5) for j in range(5) if i != j) / 5
    assert float(covariance(x)) == pytest.approx(expected, rel=1e-12)


def test_a_whitened_batch_has_no_covariance_and_full_variance() -> None:
    x = embeddings(batch=50)
    centred = x - x.mean(dim=0)
    whitened = 1.01 * torch.linalg.qr(centred).Q * math.sqrt(49)
    assert float(covariance(whitened)) == pytest.approx(0, abs=1e-24)
    assert float(variance(whitened)) == 0


def test_terms_ignore_a_shift_and_the_order_of_the_batch() -> None:
    x = embeddings()
    for term in (variance, covariance):
        for other in (x + 3, x.flip(0)):
            assert float(term(other)) == pytest.approx(float(term(x)), rel=1e-9)


def test_a_collapsed_batch_has_nearly_the_largest_variance_term_and_a_finite_gradient() -> None:
    x = torch.ones(6, 4, requires_grad=True)
    loss = variance(x)
    loss.backward()  # type: ignore[no-untyped-call]
    assert float(loss.detach()) == pytest.approx((1 - 0.01) / 2, rel=1e-5)
    assert x.grad is not None and bool(torch.isfinite(x.grad).all())


def test_autocast_does_not_lower_the_precision() -> None:
    x, y = embeddings(64, 32, 3).float(), embeddings(64, 32, 4).float()
    plain = [variance(x), covariance(x), distance(x, y)]
    with torch.autocast("cpu", torch.bfloat16):
        cast = [variance(x), covariance(x), distance(x, y)]
    assert [float(t) for t in cast] == [float(t) for t in plain]
    assert covariance(x.bfloat16()).dtype == torch.float32


def test_total_is_the_sum() -> None:
    assert float(total(torch.tensor(float(i)) for i in range(4))) == 6


def test_nt_xent_equals_a_loop_over_embeddings() -> None:
    torch.manual_seed(0)
    left, right = torch.randn(2, 7, 5, dtype=torch.float64)
    assert float(nt_xent(left, right, 0.2)) == pytest.approx(restated_nt_xent(left.numpy(), right.numpy(), 0.2))


@pytest.mark.parametrize("temperature", [0.1, 1.0])
def test_nt_xent_of_perfect_pairs_at_right_angles_has_a_closed_form(temperature: float) -> None:
    left = 3 * torch.eye(6, dtype=torch.float64)  # the length has no effect
    expected = math.log(1 + 10 * math.exp(-1 / temperature))
    assert float(nt_xent(left, torch.eye(6, dtype=torch.float64), temperature)) == pytest.approx(expected)


def test_nt_xent_treats_both_sides_alike_and_knows_the_partner() -> None:
    torch.manual_seed(1)
    left, right = torch.randn(2, 8, 5, dtype=torch.float64)
    loss = nt_xent(left, right, 0.5)
    torch.testing.assert_close(nt_xent(right, left, 0.5), loss)
    assert nt_xent(left, left, 0.5) < loss
    assert nt_xent(left, left.roll(1, 0), 0.5) > nt_xent(left, left, 0.5)


def test_nt_xent_has_a_finite_gradient_and_keeps_its_precision_under_autocast() -> None:
    torch.manual_seed(2)
    left, right = torch.randn(4, 5, requires_grad=True), torch.randn(4, 5)
    plain = nt_xent(left, right, 0.1)
    plain.backward()
    assert left.grad is not None and torch.isfinite(left.grad).all()
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(nt_xent(left, right, 0.1), plain)
