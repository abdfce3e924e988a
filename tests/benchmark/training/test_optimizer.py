"""Optimizers and learning rate: closed forms, and one step against hand-written updates."""

import math
from typing import Any

import pytest
import torch
from torch import nn

from iebench.benchmark.training.config import TrainSettings
from iebench.benchmark.training.optimizer import optimizer, rate, set_rate


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_a_constant_rate_is_the_learning_rate_itself(step: int) -> None:
    assert rate(step, 1000, TrainSettings(learning_rate=3e-3)) == 3e-3


def test_warm_up_rises_in_equal_steps_from_the_lowest() -> None:
    settings = TrainSettings(learning_rate=2.0, warmup=0.4, lowest=0.1)
    rates = [rate(step, 10, settings) for step in range(1, 11)]
    assert rates == pytest.approx([0.65, 1.1, 1.55] + [2.0] * 7)


@pytest.mark.parametrize("warmup", [0.0, 0.05, 0.5])
def test_the_cosine_falls_to_the_lowest(warmup: float) -> None:
    settings = TrainSettings(learning_rate=4e-4, schedule="cosine", warmup=warmup, lowest=0.025)
    rates = [rate(step, 200, settings) for step in range(1, 201)]
    top = round(warmup * 200)
    for step in range(max(top, 1), 201):
        angle = math.pi * (step - top) / (200 - top)
        assert rates[step - 1] == pytest.approx(1e-5 + (4e-4 - 1e-5) * math.cos(angle / 2) ** 2)  # half-angle form
    assert rates[-1] == pytest.approx(1e-5) and max(rates) <= 4e-4
    assert rates == sorted(rates[:top]) + sorted(rates[top:], reverse=True)


def test_all_of_a_run_may_be_warm_up() -> None:
    settings = TrainSettings(learning_rate=1.0, schedule="cosine", warmup=1.0)
    assert [rate(step, 4, settings) for step in (1, 2, 3, 4)] == pytest.approx([0.25, 0.5, 0.75, 1.0])


@pytest.mark.parametrize(
    ("changes", "update"),
    [
        ({"optimizer": "sgd", "momentum": 0.5}, lambda w, g: 0.1 * (g + 0.2 * w)),  # the first step has no momentum yet
        ({"optimizer": "adam"}, lambda w, g: 0.1 * math.copysign(1, g + 0.2 * w)),  # m / sqrt(v) after one step
        ({"optimizer": "adamw"}, lambda w, g: 0.1 * math.copysign(1, g) + 0.1 * 0.2 * w),
    ],
)
@pytest.mark.slow
def test_the_first_step_is_the_textbooks(changes: dict[str, Any], update: Any) -> None:
    settings = TrainSettings(learning_rate=9.0, weight_decay=0.2, **changes)
    weight = nn.Parameter(torch.tensor([3.0, -2.0, 1.0], dtype=torch.float64))
    gradient = [0.5, 0.3, -0.7]
    chosen = optimizer([weight], settings)
    set_rate(chosen, 0.1)
    before, weight.grad = weight.tolist(), torch.tensor(gradient, dtype=torch.float64)
    chosen.step()
    expected = [w - update(w, g) for w, g in zip(before, gradient, strict=True)]
    assert weight.tolist() == pytest.approx(expected, abs=1e-6)


def restated_lars(weights: list[list[float]], gradients: list[list[list[float]]], rates: list[float]) -> list[float]:
    """Return a matrix and a bias after steps of LARS, computed by loops over numbers; decay 0.2, momentum 0.5."""
    flat = [list(weight) for weight in weights]
    moments = [[0.0] * len(weight) for weight in flat]
    for step, speed in zip(gradients, rates, strict=True):
        for number, gradient in enumerate(step):
            matrix = number == 0
            update = [g + 0.2 * matrix * w for g, w in zip(gradient, flat[number], strict=True)]
            length, size = math.hypot(*update), math.hypot(*flat[number])
            trust = 0.001 * size / length if matrix and size and length else 1.0
            moments[number] = [0.5 * m + trust * u for m, u in zip(moments[number], update, strict=True)]
            factor = 1.0 if matrix else 0.25
            flat[number] = [w - speed * factor * m for w, m in zip(flat[number], moments[number], strict=True)]
    return [number for weight in flat for number in weight]


@pytest.mark.parametrize("start", [[3.0, -2.0, 1.0, 0.5], [0.0] * 4])
@pytest.mark.slow
def test_lars_is_its_restatement_over_steps_and_continues_exactly(start: list[float]) -> None:
    settings = TrainSettings(optimizer="lars", learning_rate=9.0, weight_decay=0.2, momentum=0.5, bias_rate=0.25)
    values = [start, [1.0, -1.0]]
    gradients = [[[0.5, 0.3, -0.7, 0.0], [0.1, 0.2]], [[0.1, -0.3, 0.2, 1.0], [0.0, -0.4]], [[0.0] * 4, [0.3, 0.3]]]
    rates = [10.0, 20.0, 5.0]
    weights = [
        nn.Parameter(torch.tensor(values[0]).view(2, 2).double()),
        nn.Parameter(torch.tensor(values[1]).double()),
    ]
    chosen = optimizer(weights, settings)
    for step, speed in zip(gradients, rates, strict=True):
        resumed = optimizer(weights, settings)
        resumed.load_state_dict(chosen.state_dict())  # as after a stop
        set_rate(resumed, speed)
        for weight, gradient in zip(weights, step, strict=True):
            weight.grad = torch.tensor(gradient, dtype=torch.float64).view_as(weight)
        resumed.step()
        chosen = resumed
    ours = [number for weight in weights for number in weight.flatten().tolist()]
    assert ours == pytest.approx(restated_lars(values, gradients, rates), rel=1e-9, abs=1e-12)


def test_a_step_of_lars_has_the_length_of_its_trust() -> None:
    weight = nn.Parameter(torch.randn(5, 7, dtype=torch.float64))
    before, weight.grad = weight.detach().clone(), 1e6 * torch.randn(5, 7, dtype=torch.float64)
    chosen = optimizer([weight], TrainSettings(optimizer="lars", learning_rate=2.0, weight_decay=0.0))
    chosen.step()
    assert float((weight.detach() - before).norm()) == pytest.approx(2 * 0.001 * float(before.norm()))


def test_a_bias_rate_without_lars_is_refused() -> None:
    with pytest.raises(ValueError, match="bias_rate is for optimizer=lars, not adam: leave it out"):
        TrainSettings(bias_rate=0.5)
