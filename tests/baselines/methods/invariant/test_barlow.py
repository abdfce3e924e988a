"""Barlow Twins' loss equals a float64 loop over the entries of the correlation matrix."""

import numpy as np
import pytest
import torch
from contrast import one_by_one

from iebench.baselines.methods.invariant.barlow import Barlow, BarlowSettings, correlation
from iebench.baselines.networks.encoder import Encoder, EncoderSettings


@pytest.mark.parametrize("views", [2, 3])
def test_the_loss_equals_its_restatement(views: int) -> None:
    torch.manual_seed(0)
    method = Barlow(Encoder(EncoderSettings(0.125, "small")), BarlowSettings((12, 10), redundancy=0.3)).double()
    images = torch.rand(6, views, 3, 32, 32, dtype=torch.float64)
    ours = {name: float(term.detach()) for name, term in method.loss(images, {}).items()}
    with torch.no_grad():
        e = one_by_one(images, method.encoder, method.projector).numpy()
    diagonal = others = 0.0
    for k in range(views - 1):
        x, y = ((v - v.mean(0)) / np.sqrt(v.var(0) + 1e-5) for v in (e[:, k], e[:, k + 1]))
        for i in range(10):
            for j in range(10):
                entry = np.mean(x[:, i] * y[:, j])
                diagonal += (1 - entry) ** 2 if i == j else 0
                others += entry**2 if i != j else 0
    expected = {"loss": diagonal + 0.3 * others, "invariance": diagonal, "redundancy": others}
    assert ours == pytest.approx(expected, rel=1e-9)


def test_equal_views_of_uncorrelated_dimensions_correlate_as_the_identity() -> None:
    torch.manual_seed(0)
    x = torch.randn(50, 5, dtype=torch.float64)
    white = torch.linalg.qr(x - x.mean(0)).Q * 50**0.5
    torch.testing.assert_close(correlation(white, white), torch.eye(5, dtype=torch.float64), rtol=0, atol=2e-5)
    torch.testing.assert_close(
        correlation(3 * white + 1, -white), -torch.eye(5, dtype=torch.float64), rtol=0, atol=2e-5
    )


def test_a_dimension_that_is_constant_has_a_finite_gradient() -> None:
    x = torch.ones(6, 4, requires_grad=True)
    correlation(x, x).sum().backward()
    assert x.grad is not None and bool(torch.isfinite(x.grad).all())


def test_a_negative_weight_is_refused() -> None:
    with pytest.raises(ValueError, match=r"redundancy must be at least 0, not -1"):
        BarlowSettings(redundancy=-1.0)
