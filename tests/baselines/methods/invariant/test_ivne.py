"""I-VNE+'s loss equals a restatement by eigenvalues in float64; its entropy has the bound of the batch."""

import math

import numpy as np
import pytest
import torch
from contrast import one_by_one

from iebench.baselines.methods.invariant.ivne import IVNE, IVNESettings, entropy
from iebench.baselines.networks.encoder import Encoder, EncoderSettings


def restated(e: np.ndarray) -> float:
    z = e / np.linalg.norm(e, axis=1, keepdims=True)
    values = np.linalg.eigvalsh(z.T @ z / len(z))
    return float(-sum(v * math.log(v) for v in values if v > 1e-12))


@pytest.mark.parametrize("views", [2, 3])
@pytest.mark.parametrize("agreement", [None, 0.6])
def test_the_loss_equals_its_restatement(views: int, agreement: float | None) -> None:
    torch.manual_seed(0)
    settings = IVNESettings((12, 10), agreement, entropy=0.7)
    method = IVNE(Encoder(EncoderSettings(0.125, "small")), settings).double()
    images = torch.rand(6, views, 3, 32, 32, dtype=torch.float64)
    ours = {name: float(term.detach()) for name, term in method.loss(images, {}).items()}
    with torch.no_grad():
        e = one_by_one(images, method.encoder, method.projector).numpy()
    e /= np.linalg.norm(e, axis=2, keepdims=True)
    cosine = np.mean([(e[i, k] @ e[i, k + 1]) for i in range(6) for k in range(views - 1)])
    spread = np.mean([restated(e[:, k]) for k in range(views)])
    weight = math.log(6) if agreement is None else agreement
    expected = {"loss": -weight * cosine - 0.7 * spread, "agreement": -cosine, "entropy": -spread}
    assert ours == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("objects", "size"), [(4, 9), (9, 4), (6, 6)])
def test_the_entropy_is_between_nothing_and_the_logarithm_of_the_smaller_side(objects: int, size: int) -> None:
    torch.manual_seed(0)
    bound = math.log(min(objects, size))
    assert 0 < float(entropy(torch.randn(objects, size, dtype=torch.float64))) < bound
    even = torch.eye(size, dtype=torch.float64)[torch.arange(objects) % size]
    assert float(entropy(5 * even)) <= bound + 1e-12
    if objects % size in (0, objects):  # as many objects in every direction
        assert float(entropy(5 * even)) == pytest.approx(bound)
    assert float(entropy(torch.ones(objects, size, dtype=torch.float64))) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_collapsed_batch_has_a_finite_gradient(dtype: torch.dtype) -> None:
    x = torch.ones(6, 4, dtype=dtype, requires_grad=True)
    entropy(x).backward()
    assert x.grad is not None and bool(torch.isfinite(x.grad).all())
