"""The loss of dino-like equals a float64 loop; its centre is a moving mean that changes with steps alone."""

import math
from collections.abc import Mapping

import numpy as np
import pytest
import torch
from contrast import one_by_one
from scipy.special import erf, log_softmax, softmax
from torch import Tensor

from iebench.baselines.methods.invariant.dino_like import DINOLike, DINOLikeSettings
from iebench.baselines.networks.encoder import Encoder, EncoderSettings


def method_of(**settings: float) -> DINOLike:
    torch.manual_seed(0)
    small = {"prototypes": 9, "temperature": 0.3, "target_temperature": 0.2, "memory": 0.7, **settings}
    chosen = DINOLikeSettings((12, 8), **small)  # type: ignore[arg-type]
    method = DINOLike(Encoder(EncoderSettings(0.125, "small")), chosen).double()
    with torch.no_grad():
        for parameter in method.target.parameters():  # as some training steps would
            parameter.add_(torch.randn_like(parameter), alpha=0.1)
    return method


def values(terms: Mapping[str, Tensor]) -> dict[str, float]:
    return {name: float(term.detach()) for name, term in terms.items()}


def logits(h: np.ndarray, parameters: list[np.ndarray]) -> np.ndarray:
    """Return the cosines with prototypes; the parameters of the head are in the order of its registration."""
    prototypes, w1, b1, w2, b2 = parameters
    hidden = h @ w1.T + b1
    embedding = hidden * (1 + erf(hidden / math.sqrt(2))) / 2 @ w2.T + b2
    return (embedding / np.linalg.norm(embedding, axis=-1, keepdims=True)) @ (
        prototypes / np.linalg.norm(prototypes, axis=1, keepdims=True)
    ).T


@pytest.mark.parametrize("views", [2, 3])
def test_the_loss_of_two_steps_equals_its_restatement(views: int) -> None:
    method, centre = method_of(), np.zeros(9)
    for step in (1, 2):
        images = torch.rand(6, views, 3, 32, 32, dtype=torch.float64)
        encoder, head = method.target.network
        with torch.no_grad():
            student = logits(
                one_by_one(images, method.encoder).numpy(), [p.detach().numpy() for p in method.head.parameters()]
            )
            teacher = logits(one_by_one(images, encoder).numpy(), [p.numpy() for p in head.parameters()])
        ours = values(method.loss(images, {}))
        goals, predicted = softmax((teacher - centre) / 0.2, axis=-1), log_softmax(student / 0.3, axis=-1)
        loss = entropy = 0.0
        for i, k in np.ndindex(6, views - 1):
            for source, goal in ((k, k + 1), (k + 1, k)):
                loss -= goals[i, goal] @ predicted[i, source] / 12
                entropy -= goals[i, goal] @ np.log(goals[i, goal]) / 12
        assert ours == pytest.approx({"loss": loss, "entropy": entropy, "divergence": loss - entropy}, rel=1e-8)
        centre = 0.7 * centre + 0.3 * teacher.mean(axis=(0, 1))
        method.after_step(step, 2)
        np.testing.assert_allclose(method.centre, centre, rtol=1e-10)


def test_a_student_that_agrees_has_no_divergence_and_a_collapsed_one_the_largest_entropy() -> None:
    method = method_of(temperature=0.2)
    images = torch.rand(4, 2, 3, 32, 32, dtype=torch.float64)
    same = torch.randn(4, 9, dtype=torch.float64)
    method.by_view = lambda module, views: [same, same]  # type: ignore[method-assign]
    assert values(method.loss(images, {}))["divergence"] == pytest.approx(0, abs=1e-12)
    for step in range(1, 60):  # a constant output becomes the centre, and the goal even
        same = torch.ones(4, 9, dtype=torch.float64) * torch.arange(9)
        method.loss(images, {})
        method.after_step(step, 60)
    assert values(method.loss(images, {}))["entropy"] == pytest.approx(math.log(9))


def test_the_centre_changes_with_a_step_and_a_checkpoint_continues_exactly() -> None:
    method, images = method_of(), torch.rand(4, 2, 3, 32, 32, dtype=torch.float64)
    method.loss(images, {})
    assert not method.centre.any() and "next_centre" not in method.state_dict()
    method.after_step(1, 10)
    resumed = method_of()
    resumed.load_state_dict(method.state_dict())
    assert method.centre.any() and values(resumed.loss(images, {})) == values(method.loss(images, {}))
    assert method.scheduled and not method.has_predictor


def test_only_the_online_network_learns() -> None:
    method = method_of()
    method.loss(torch.rand(4, 2, 3, 32, 32, dtype=torch.float64), {})["loss"].backward()
    for name, parameter in method.named_parameters():
        assert (parameter.grad is None) == name.startswith("target."), name


@pytest.mark.parametrize("settings", [{"prototypes": 1}, {"target_temperature": 0.0}, {"memory": 1.0}])
def test_settings_that_are_none_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(settings))):
        DINOLikeSettings(**settings)  # type: ignore[arg-type]
