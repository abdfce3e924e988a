"""Online linear heads: agreement with least squares on features that hold the target; they use no random numbers."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from iebench.benchmark.training.online.probes import Probes, Target, unrolled
from iebench.manifests.factors import Factor
from iebench.manifests.recipe import load

FACTORS = {factor.name: factor for factor in load().factors}
CPU = torch.device("cpu")


def test_circles_become_sine_and_cosine_and_others_stay() -> None:
    hue, theta = FACTORS["floor_hue"], FACTORS["light_theta"]
    assert hue.unit == "turn" and hue.circular and not theta.circular
    values = np.random.default_rng(0).uniform(0, 1, 500)
    target, plain = Target.of(hue, values), Target.of(theta, values)
    assert target.turn == 1 and plain.turn is None
    numbers = target.numbers(torch.from_numpy(values))
    assert numbers.shape == (500, 2) and plain.numbers(torch.from_numpy(values)).shape == (500, 1)
    torch.testing.assert_close(numbers.mean(0), torch.zeros(2, dtype=torch.float64), atol=1e-9, rtol=0)
    torch.testing.assert_close(numbers.square().mean(0), torch.ones(2, dtype=torch.float64))
    ends = unrolled(torch.tensor([0.0, 2 * math.pi], dtype=torch.float64), 2 * math.pi)
    torch.testing.assert_close(ends[0], ends[1], atol=1e-12, rtol=0)


def test_a_factor_that_never_changes_has_no_head() -> None:
    fixed, free = (Target.of(replace(FACTORS["light_theta"], name=name), np.array(values)) for name, values in
                   (("fixed", [0.5] * 4), ("free", [0.0, 1.0, 2.0, 3.0])))  # fmt: skip
    assert [target.name for target in Probes(3, 2, [fixed, free], CPU).targets] == ["free"]


def learnt(features: torch.Tensor, latent: np.ndarray, labels: torch.Tensor, factor: Factor) -> dict[str, float]:  # type: ignore[type-arg]
    """Train the heads for 400 passes over all data; return their metrics."""
    probes = Probes(features.shape[1], 2, [Target.of(factor, latent)], CPU)
    values = torch.from_numpy(latent)
    for _ in range(400):
        probes.update(features, labels, {factor.name: values})
    probes.values()
    probes.update(features, labels, {factor.name: values})
    return probes.values()


def test_heads_find_what_least_squares_finds() -> None:
    generator = np.random.default_rng(0)
    features = generator.normal(size=(200, 6))
    latent = features @ generator.normal(size=6) + generator.normal(size=200)
    labels = torch.from_numpy(features[:, 0] > 0).long()
    metrics = learnt(torch.from_numpy(5 + 3 * features), latent, labels, FACTORS["light_theta"])
    design = np.column_stack([features, np.ones(200)])
    residual = latent - design @ np.linalg.lstsq(design, latent, rcond=None)[0]
    assert metrics["light_theta_r2"] == pytest.approx(1 - residual.var() / latent.var(), abs=2e-3)
    assert metrics["top1"] > 0.95


def test_answers_come_before_learning_and_nothing_is_known_at_first() -> None:
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(60, 6, generator=generator)
    latent = features[:, 0].double()
    target = Target.of(FACTORS["light_theta"], latent.numpy())
    probes = Probes(6, 3, [target], CPU)
    labels = torch.arange(60) % 3
    assert probes.values() == {}
    probes.update(features, labels, {"light_theta": latent})
    assert probes.values() == {"top1": pytest.approx(1 / 3), "light_theta_r2": pytest.approx(0, abs=1e-6)}
    for _ in range(20):
        probes.update(features, labels, {"light_theta": latent})
    assert probes.values()["light_theta_r2"] > 0.1


def test_no_random_number_is_drawn_and_features_get_no_gradient() -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    probes = Probes(4, 2, [], CPU)
    features = torch.ones(5, 4).cumsum(0).requires_grad_()
    probes.update(features, torch.zeros(5, dtype=torch.int64), {})
    assert torch.equal(torch.get_rng_state(), before) and features.grad is None
