"""Heads that are trained side by side learn the same as each head alone."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from torch import nn

from iebench.benchmark.fitting.stack import Stack, entropy, initial, misses, squares
from iebench.benchmark.protocol import Head

CPU = torch.device("cpu")
HEAD = Head(hidden=(7, 5), epochs=1, batch=8, lr=(1e-3, 3e-2), weight_decay=(0.0, 0.1), schedule="linear")
SEEDS = (4, 9, 11)


def alone(widths: tuple[int, ...], seed: int) -> nn.Sequential:
    """Train the same head as a plain module."""
    layers: list[nn.Module] = []
    for weight, bias in initial(widths, seed):
        linear = nn.Linear(*weight.shape)
        linear.weight.data, linear.bias.data = weight.T.clone(), bias[0].clone()
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


@pytest.mark.parametrize("kind", ["squares", "entropy"])
@pytest.mark.parametrize("schedule", ["constant", "linear"])
def test_each_head_learns_as_a_plain_module_does(kind: str, schedule: str) -> None:
    generator = torch.Generator().manual_seed(0)
    steps, widths = 12, (6, 7, 5, 3)
    inputs = torch.randn(steps, len(SEEDS), 8, 6, generator=generator)
    if kind == "squares":
        targets, loss, plain = (
            torch.randn(steps, len(SEEDS), 8, 3, generator=generator),
            squares,
            nn.functional.mse_loss,
        )
    else:
        targets, loss = torch.randint(0, 3, (steps, len(SEEDS), 8), generator=generator), entropy
        plain = nn.functional.cross_entropy  # type: ignore[assignment]
    settings = replace(HEAD, schedule=schedule)  # type: ignore[arg-type]
    stack = Stack(widths, settings, SEEDS, CPU)
    for step in range(steps):
        stack.step(inputs[step], targets[step], loss, step / steps)
    outputs = stack(inputs[0]).detach()
    assert outputs.shape == (4, 3, 8, 3)
    for (c, (lr, decay)), (s, seed) in product(enumerate(settings.grid), enumerate(SEEDS)):
        module = alone(widths, seed)
        optimiser = torch.optim.AdamW(module.parameters(), lr=lr, weight_decay=decay)
        for step in range(steps):
            optimiser.param_groups[0]["lr"] = lr * (1 - step / steps) if schedule == "linear" else lr
            optimiser.zero_grad()
            plain(module(inputs[step, s]), targets[step, s]).backward()
            optimiser.step()
        torch.testing.assert_close(outputs[c, s], module(inputs[0, s]).detach(), rtol=1e-4, atol=1e-5)


def test_misses_are_counted() -> None:
    outputs = torch.tensor([[[[1.0, 2.0], [3.0, 1.0], [0.0, 5.0]]], [[[9.0, 2.0], [3.0, 1.0], [0.0, 5.0]]]])
    assert misses(outputs, torch.tensor([[1, 0, 0]])).tolist() == [[pytest.approx(1 / 3)], [pytest.approx(2 / 3)]]


def test_heads_of_one_seed_start_alike_and_seeds_apart() -> None:
    stack = Stack((6, 7, 5, 3), HEAD, SEEDS, CPU)
    for weight in stack.weights:
        assert (weight[0] == weight[-1]).all() and (weight[0, 0] != weight[0, 1]).any()


def test_weights_start_as_pytorchs() -> None:
    (weight, bias), _ = initial((400, 300, 2), 0)
    linear = nn.Linear(400, 300)
    for ours, reference in ((weight, linear.weight.detach()), (bias, linear.bias.detach())):
        assert float(ours.abs().max()) <= 1 / 20
        assert float(ours.std()) == pytest.approx(float(reference.std()), rel=0.15)
    np.testing.assert_array_equal(initial((4, 3), 7)[0][0], initial((4, 3), 7)[0][0])
