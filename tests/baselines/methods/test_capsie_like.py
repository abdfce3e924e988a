"""CapsIE-like: its loss is a restatement in float64, its guesses are settings, its temperature follows the run."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from contrast import restated_prediction
from torch import Tensor, nn

from iebench.baselines.action import ROTATION
from iebench.baselines.methods.capsie_like import CapsIELike, CapsIELikeSettings, sharpened
from iebench.baselines.networks.encoder import Encoder, EncoderSettings

SMALL = CapsIELikeSettings(capsules=4, side=2)


def method_of(**settings: object) -> CapsIELike:
    torch.manual_seed(0)
    return CapsIELike(Encoder(EncoderSettings(0.125, "small")), replace(SMALL, **settings)).double()


def data(views: int, batch: int = 6) -> tuple[Tensor, dict[str, Tensor]]:
    torch.manual_seed(views)
    values = torch.rand(3, batch, views, dtype=torch.float64) * np.pi - np.pi / 2
    return torch.rand(batch, views, 3, 32, 32, dtype=torch.float64), dict(zip(ROTATION, values, strict=True))


def sharp(p: np.ndarray, temperature: float) -> np.ndarray:
    powers = p ** (1 / temperature)
    return powers / powers.sum(1, keepdims=True)


@pytest.mark.parametrize(("views", "progress"), [(2, 0.0), (3, 0.4)])
def test_the_loss_equals_its_restatement(views: int, progress: float) -> None:
    method, (images, latents) = method_of(), data(views)
    method.after_step(round(10 * progress), 10)
    ours = {name: float(term.detach()) for name, term in method.loss(images, latents).items()}
    with torch.no_grad():
        maps = [method.encoder.with_maps(images[:, k], (4,))[1] for k in range(views)]
        caps = np.stack([method.capsule_projector(view).numpy() for view in maps], axis=1)
    a, p = caps[..., :4], caps[..., 4:]
    names = ("invariance", "equivariance", "variance", "prediction_variance", "covariance", "spread")
    terms = dict.fromkeys(names, 0.0)

    def hinge(side: np.ndarray) -> float:
        return 0.5 * np.maximum(0, 1 - np.sqrt(side.var(0, ddof=1) + 1e-4)).mean()

    for k in range(views - 1):
        moved = restated_prediction(method.predictor.weight, p[:, k], latents, k)
        target, anchor = sharp(a[:, k + 1], 0.025 + 0.075 * progress), sharp(a[:, k], 0.1)
        terms["invariance"] -= (target * np.log(anchor)).sum(1).mean()
        terms["equivariance"] += ((moved - p[:, k + 1]) ** 2).mean()
        terms["prediction_variance"] += hinge(moved)
    for k in range(views):
        matrix, mean = np.cov(caps[:, k].T), sharp(a[:, k], 0.1).mean(0)
        terms["variance"] += hinge(caps[:, k])
        terms["covariance"] += (matrix[~np.eye(len(matrix), dtype=bool)] ** 2).sum() / len(matrix)
        terms["spread"] += math.log(4) + (mean * np.log(mean)).sum()
    weights = dict(zip(names, (10, 4.5, 10, 10, 1, 1), strict=True))
    expected = {"loss": sum(weights[name] * term for name, term in terms.items()), **terms}
    assert ours == pytest.approx(expected, rel=1e-8)


class Given(nn.Module):
    """A head that gives one set of capsules after the other."""

    def __init__(self, *outputs: Tensor) -> None:
        super().__init__()
        self.outputs = list(outputs)

    def forward(self, maps: Tensor) -> Tensor:
        return self.outputs.pop(0)


def of(activations: tuple[Tensor, Tensor], **settings: object) -> tuple[dict[str, Tensor], tuple[Tensor, ...]]:
    """Return loss terms for given activations of two views, and the leaves that they are made of."""
    method, (images, latents) = method_of(**settings), data(2)
    leaves = tuple(side.clone().requires_grad_() for side in activations)
    poses = torch.randn(6, 64, dtype=torch.float64)
    method.capsule_projector = Given(*(torch.cat([side, poses], dim=1) for side in leaves))
    return method.loss(images, latents), leaves


@pytest.mark.parametrize("stop", [True, False])
def test_the_gradient_into_the_target_is_the_first_guess(stop: bool) -> None:
    """Of the invariance term alone; the gradient into the anchor is the difference quotient in both forms."""
    torch.manual_seed(0)
    sides = tuple(torch.rand(6, 4, dtype=torch.float64).softmax(1) for _ in range(2))
    terms, (anchor, target) = of(sides, stop_gradient=stop)
    grads = torch.autograd.grad(terms["invariance"], (anchor, target), allow_unused=True, materialize_grads=True)
    assert bool(grads[1].any()) != stop
    direction, values = torch.randn(6, 4, dtype=torch.float64), []
    for sign in (1e-6, -1e-6):
        values.append(float(of((sides[0] + sign * direction, sides[1]))[0]["invariance"].detach()))
    assert float((grads[0] * direction).sum()) == pytest.approx((values[0] - values[1]) / 2e-6, rel=1e-6)


def test_limits() -> None:
    """One capsule each, spread evenly, costs nothing; no activation at all is not a logarithm of zero."""
    single = torch.nn.functional.one_hot(torch.tensor([0, 1, 2, 3, 0, 1]), 4).double()
    terms, leaves = of((single, single))
    assert float(terms["invariance"].detach()) == pytest.approx(0, abs=1e-12)
    terms["loss"].backward()
    assert all(bool(torch.isfinite(leaf.grad).all()) for leaf in leaves)
    even = torch.full((6, 4), 0.25, dtype=torch.float64)
    terms, _ = of((even, even))
    assert float(terms["spread"].detach()) == pytest.approx(0, abs=1e-12)
    assert float(terms["invariance"].detach()) == pytest.approx(math.log(4))
    flat = sharpened(torch.tensor([[0.1, 0.2, 0.7]], dtype=torch.float64), 1.0).exp()
    torch.testing.assert_close(flat, torch.tensor([[0.1, 0.2, 0.7]], dtype=torch.float64))


def test_the_targets_temperature_runs_from_start_to_end() -> None:
    method = method_of()
    temperatures = [float(method.target_temperature())]
    for step in (5, 10):
        method.after_step(step, 10)
        temperatures.append(float(method.target_temperature()))
    assert temperatures == pytest.approx([0.025, 0.0625, 0.1])
    assert "progress" in method.state_dict()


def test_temperatures_above_zero_are_needed() -> None:
    with pytest.raises(ValueError, match="target_temperatures must be above 0"):
        replace(SMALL, target_temperatures=(0.0, 0.1))
