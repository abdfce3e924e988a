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
