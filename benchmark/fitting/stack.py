"""Stacks of heads of one shape, trained in parallel: one per learning rate, weight decay and seed."""

import math
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn

from ..protocol import Head

Loss = Callable[[Tensor, Tensor], Tensor]
"""Outputs (C, S, B, outputs) and targets (S, B, ...) -> mean loss of each head (C, S)."""


def squares(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the mean squared error of each head: (C, S, B, c), (S, B, c) -> (C, S)."""
    return (outputs - targets).square().mean((-2, -1))


def entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the mean cross-entropy of each head: logits (C, S, B, c), classes (S, B) -> (C, S)."""
    labels = targets.expand(outputs.shape[:-1]).flatten()
    return (
        nn.functional.cross_entropy(outputs.flatten(0, -2), labels, reduction="none").view(outputs.shape[:-1]).mean(-1)
    )


def misses(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the classification error of each head: logits (C, S, B, c), classes (S, B) -> (C, S)."""
    return (outputs.argmax(-1) != targets).float().mean(-1)


class Stack:
    """Heads (C, S): C combinations of learning rate and weight decay, S seeds.

    Heads of one seed share their batches.

    weights, biases : per layer (C, S, inputs, outputs) and (C, S, 1, outputs); ReLU between layers
    """

    def __init__(self, widths: tuple[int, ...], head: Head, seeds: tuple[int, ...], device: torch.device) -> None:
        """widths : sizes of all layers, the input first. A seed has the same initial weights in every combination."""
        starts = [initial(widths, seed) for seed in seeds]
        self.weights = [_spread([w for w, _ in layer], head, device) for layer in zip(*starts, strict=True)]
        self.biases = [_spread([b for _, b in layer], head, device) for layer in zip(*starts, strict=True)]
        self.head = head
        # the optimiser works on slices that share the stacks' memory, since each combination is a parameter group
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
        """Map the inputs of each seed (S, B, features) to outputs of each head (C, S, B, outputs)."""
        combinations, seeds = self.weights[0].shape[:2]
        hidden = inputs.expand(combinations, *inputs.shape).flatten(0, 1)  # (C * S, B, features)
        for number, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            hidden = torch.baddbmm(bias.flatten(0, 1), hidden.relu() if number else hidden, weight.flatten(0, 1))
        return hidden.view(combinations, seeds, *hidden.shape[1:])

    def step(self, inputs: Tensor, targets: Tensor, loss: Loss, progress: float) -> None:
        """Take one step of every head on its seed's batch: inputs (S, B, features), progress in [0, 1)."""
        for parameter in self.parameters:
            parameter.grad = None
        loss(self(inputs), targets).sum().backward()  # type: ignore[no-untyped-call]
        for c, (group, (lr, _)) in enumerate(zip(self.optimiser.param_groups, self.head.grid, strict=True)):
            group["lr"] = lr * (1 - progress) if self.head.schedule == "linear" else lr
            for slice_, parameter in zip(group["params"], self.parameters, strict=True):
                slice_.grad = None if parameter.grad is None else parameter.grad[c]
        self.optimiser.step()


def initial(widths: tuple[int, ...], seed: int) -> list[tuple[Tensor, Tensor]]:
    """Draw initial weights as PyTorch does, uniform within 1 / sqrt(inputs): (inputs, outputs) and (1, outputs)."""
    generator = torch.Generator().manual_seed(seed)
    layers = []
    for inputs, outputs in pairwise(widths):
        bound = 1 / math.sqrt(inputs)
        drawn = torch.rand(inputs + 1, outputs, generator=generator) * (2 * bound) - bound
        layers.append((drawn[:-1], drawn[-1:]))
    return layers


def _spread(layers: list[Tensor], head: Head, device: torch.device) -> Tensor:
    """Stack the layers of the seeds (S of (...)) to trainable parameters (C, S, ...) on the device."""
    stacked = torch.stack(layers).expand(len(head.grid), -1, -1, -1)
    return stacked.contiguous().to(device).requires_grad_()
