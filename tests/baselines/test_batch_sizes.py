"""Every method's loss uses the size of the current batch, also of a short one, and no configured batch size."""

import pytest
import torch
from together import TRAINED, batch, method_of

from iebench.baselines import losses


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.slow
def test_a_short_batch_has_the_loss_it_would_have_alone(name: str) -> None:
    images, latents = batch(objects=8)
    fresh, _ = method_of(name)
    group = fresh.needs(fresh.settings).group
    few = -(-3 // group) * group
    short = images[:few], {key: values[:few] for key, values in latents.items()}
    used, _ = method_of(name)
    used.loss(images, latents)
    alone, after = fresh.loss(*short), used.loss(*short)
    assert alone.keys() == after.keys()
    for key in alone:
        torch.testing.assert_close(after[key], alone[key], rtol=1e-12, atol=1e-12)
    assert bool(torch.isfinite(alone["loss"]))


@pytest.mark.parametrize("objects", [2, 3, 7])
def test_batch_terms_of_any_size_are_those_of_numpy(objects: int) -> None:
    """Batch terms are divided by the current batch size, not by a configured one."""
    embedding = torch.randn(objects, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(objects))
    matrix = torch.cov(embedding.T)
    off = matrix - torch.diag(matrix.diagonal())
    torch.testing.assert_close(losses.covariance(embedding), off.square().sum() / 5)
    hinge = torch.relu(1 - (matrix.diagonal() + 1e-4).sqrt()).mean() / 2
    torch.testing.assert_close(losses.variance(embedding), hinge)
