"""TiCo's loss equals a float64 loop; its covariance is a moving average that changes with steps alone."""

import numpy as np
import pytest
import torch
from contrast import one_by_one

from iebench.baselines.methods.invariant.tico import TiCo, TiCoSettings
from iebench.baselines.networks.encoder import Encoder, EncoderSettings


def method_of(**settings: float) -> TiCo:
    torch.manual_seed(0)
    method = TiCo(Encoder(EncoderSettings(0.125, "small")), TiCoSettings((12, 10), **settings)).double()
    with torch.no_grad():
        for parameter in method.target.parameters():  # as some training steps would
            parameter.add_(torch.randn_like(parameter), alpha=0.1)
    return method


def unit(e: np.ndarray) -> np.ndarray:
    return e / np.linalg.norm(e, axis=-1, keepdims=True)


@pytest.mark.parametrize("views", [2, 3])
def test_the_loss_of_two_steps_equals_its_restatement(views: int) -> None:
    method, past = method_of(memory=0.7, contrast=1.5), np.zeros((10, 10))
    for step in (1, 2):
        images = torch.rand(6, views, 3, 32, 32, dtype=torch.float64)
        with torch.no_grad():
            goal = unit(one_by_one(images, method.target).numpy())
            e = unit(one_by_one(images, method.encoder, method.projector).numpy())
        ours = {name: float(term.detach()) for name, term in method.loss(images, {}).items()}
        batch = sum(np.outer(z, z) for k in range(views - 1) for z in e[:, k]) / 6 / (views - 1)
        past = 0.7 * past + 0.3 * batch
        agreement = -sum(e[i, k] @ goal[i, k + 1] for i in range(6) for k in range(views - 1)) / 6
        contrast = sum(e[i, k] @ past @ e[i, k] for i in range(6) for k in range(views - 1)) / 6
        expected = {"loss": agreement + 1.5 * contrast, "agreement": agreement, "contrast": contrast}
        assert ours == pytest.approx(expected, rel=1e-8)
        method.after_step(step, 2)


def test_the_covariance_changes_with_a_step_and_not_with_a_look_at_the_loss() -> None:
    method = method_of()
    images = torch.rand(6, 2, 3, 32, 32, dtype=torch.float64)
    first = float(method.loss(images, {})["contrast"].detach())
    assert float(method.loss(images, {})["contrast"].detach()) == pytest.approx(first, rel=1e-12)
    assert not method.past.any() and "past" in method.state_dict() and "now" not in method.state_dict()
    method.after_step(1, 10)
    assert float(method.past.trace()) == pytest.approx(0.1)  # unit embeddings have a covariance of trace 1
    assert method.scheduled and not method.has_predictor


def test_a_batch_in_one_direction_has_the_largest_contrast_and_an_even_one_the_smallest() -> None:
    """z C z is 1 for one direction and 1 / E for all E evenly, without memory."""
    method = method_of(memory=0.0)
    images = torch.rand(10, 2, 3, 32, 32, dtype=torch.float64)
    for embeddings, expected in ((torch.ones(10, 10), 1.0), (torch.eye(10), 0.1)):
        method.by_view = lambda module, views, e=embeddings: [e.double()] * 2  # type: ignore[method-assign]
        assert float(method.loss(images, {})["contrast"]) == pytest.approx(expected)


def test_only_the_online_network_learns() -> None:
    method = method_of()
    method.loss(torch.rand(4, 2, 3, 32, 32, dtype=torch.float64), {})["loss"].backward()
    for name, parameter in method.named_parameters():
        assert (parameter.grad is None) == name.startswith("target."), name


def test_a_memory_that_forgets_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match=r"memory must be at least 0 and below 1, not 1"):
        TiCoSettings(memory=1.0)
