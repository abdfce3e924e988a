"""Many heads of one shape trained side by side: one per combination of rate and decay, and seed."""

import math
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn

from ..protocol import Head

Loss = Callable[[Tensor, Tensor], Tensor]
"""Outputs (C, S, B, outputs) and targets (S, B, ...) -> the mean loss of each head (C, S)."""


def squares(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean squared error of each head: (C, S, B, c), (S, B, c) -> (C, S)."""
    return (outputs - targets).square().mean((-2, -1))


def entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy of each head: logits (C, S, B, c), classes (S, B) -> (C, S)."""
    wanted = targets.expand(outputs.shape[:-1]).flatten()
    return (
        nn.functional.cross_entropy(outputs.flatten(0, -2), wanted, reduction="none").view(outputs.shape[:-1]).mean(-1)
    )


def misses(outputs: Tensor, targets: Tensor) -> Tensor:
    """Share of wrong first answers of each head: logits (C, S, B, c), classes (S, B) -> (C, S)."""
    return (outputs.argmax(-1) != targets).float().mean(-1)


class Stack:
    """Heads (C, S): C combinations of rate and decay, S seeds. The heads share nothing but the batch of their seed.

    weights, biases : of each layer, (C, S, inputs, outputs) and (C, S, 1, outputs); ReLU between layers
    """

    def __init__(self, widths: tuple[int, ...], head: Head, seeds: tuple[int, ...], device: torch.device) -> None:
        """widths : of all layers, the input first. The same seed starts from the same weights in every combination."""
        starts = [initial(widths, seed) for seed in seeds]
        self.weights = [_spread([w for w, _ in layer], head, device) for layer in zip(*starts, strict=True)]
        self.biases = [_spread([b for _, b in layer], head, device) for layer in zip(*starts, strict=True)]
        self.head = head
        # the optimiser works on slices that share the stacks' memory, since a rate and a decay hold for a group
        groups = [
            {"params": [p.detach()[c] for p in self.parameters], "lr": lr, "weight_decay": decay}
            for c, (lr, decay) in enumerate(head.grid)
        ]
        self.optimiser = torch.optim.AdamW(groups, fused=True)

    @property
    def parameters(self) -> list[Tensor]:
        """All weights and biases."""
        return [*self.weights, *self.biases]

    def __call__(self, inputs: Tensor) -> Tensor:
        """Inputs of each seed (S, B, features) -> outputs of each head (C, S, B, outputs)."""
        combinations, seeds = self.weights[0].shape[:2]
        hidden = inputs.expand(combinations, *inputs.shape).flatten(0, 1)  # (C * S, B, features)
        for number, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            hidden = torch.baddbmm(bias.flatten(0, 1), hidden.relu() if number else hidden, weight.flatten(0, 1))
        return hidden.view(combinations, seeds, *hidden.shape[1:])

    def step(self, inputs: Tensor, targets: Tensor, loss: Loss, progress: float) -> None:
        """One step of every head on its seed's batch: inputs (S, B, features), progress in [0, 1) of the training."""
        for parameter in self.parameters:
            parameter.grad = None
        loss(self(inputs), targets).sum().backward()  # type: ignore[no-untyped-call]
        for c, (group, (lr, _)) in enumerate(zip(self.optimiser.param_groups, self.head.grid, strict=True)):
            group["lr"] = lr * (1 - progress) if self.head.schedule == "linear" else lr
            for slice_, parameter in zip(group["params"], self.parameters, strict=True):
                slice_.grad = None if parameter.grad is None else parameter.grad[c]
        self.optimiser.step()


def initial(widths: tuple[int, ...], seed: int) -> list[tuple[Tensor, Tensor]]:
    """PyTorch's default weights of linear layers, uniform within 1 / sqrt(inputs): (inputs, outputs), (1, outputs)."""
    generator = torch.Generator().manual_seed(seed)
    layers = []
    for inputs, outputs in pairwise(widths):
        bound = 1 / math.sqrt(inputs)
        drawn = torch.rand(inputs + 1, outputs, generator=generator) * (2 * bound) - bound
        layers.append((drawn[:-1], drawn[-1:]))
    return layers


def _spread(layers: list[Tensor], head: Head, device: torch.device) -> Tensor:
    """One seed's layers (S of (...)) -> (C, S, ...) on the device, to be trained."""
    stacked = torch.stack(layers).expand(len(head.grid), -1, -1, -1)
    return stacked.contiguous().to(device).requires_grad_()
