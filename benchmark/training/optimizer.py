"""The optimizer, and its learning rate as a pure function of the step, so that a resumed run needs no other state."""

import math
from collections.abc import Callable, Iterable
from typing import Any, overload

import torch
from torch import Tensor, nn, optim

from .config import TrainSettings

TRUST = 0.001  # eta of LARS: length of a step before momentum, relative to the weights


def optimizer(parameters: Iterable[nn.Parameter], settings: TrainSettings) -> optim.Optimizer:
    """Build the optimizer; weight decay is an L2 term in the gradient, or decoupled with "adamw"; see `LARS` too.

    "adam", "adamw" and "sgd" are one kernel for all weights on a GPU, where no step then waits for the CPU, and with
    kernels "fast".
    """
    rate, decay, weights = settings.learning_rate, settings.weight_decay, list(parameters)
    fused = weights[0].is_cuda or settings.kernels == "fast" or None
    if settings.optimizer == "sgd":
        return optim.SGD(weights, rate, momentum=settings.momentum, weight_decay=decay, fused=fused)
    if settings.optimizer == "lars":
        return LARS(weights, rate, settings.momentum, decay, settings.bias_rate)
    kind = optim.AdamW if settings.optimizer == "adamw" else optim.Adam
    return kind(weights, rate, weight_decay=decay, fused=fused)


def rate(step: int, steps: int, settings: TrainSettings) -> float:
    """Return the learning rate of a step, counted from 1, in a run of `steps` steps.

    It rises linearly from `lowest` over the fraction `warmup` of the steps. Then it is constant, or falls by half a
    cosine to `lowest` at the last step (Loshchilov & Hutter 2017, eq. 5, without restarts).

    >>> settings = TrainSettings(learning_rate=1.0, schedule="cosine", warmup=0.2)
    >>> [round(rate(step, 10, settings), 3) for step in (1, 2, 6, 10)]
    [0.5, 1.0, 0.5, 0.0]
    """
    rising = settings.warmup * steps
    if step < rising:
        share = step / rising
    elif settings.schedule == "constant":
        share = 1.0
    else:
        share = (1 + math.cos(math.pi * (step - rising) / max(steps - rising, 1e-9))) / 2
    low = settings.lowest
    return settings.learning_rate * (low + (1 - low) * share)


def set_rate(optimizer: optim.Optimizer, rate: float) -> None:
    """Set the learning rate of all parameters; `LARS` multiplies it by a factor for biases."""
    for group in optimizer.param_groups:
        group["lr"] = rate


class LARS(optim.Optimizer):
    """LARS: momentum whose step is scaled, tensor by tensor, to the size of the weights (You et al. 2017).

    As in facebookresearch/barlowtwins, biases and norms are neither scaled nor decayed.

    parameters : weights of two or more dimensions, and biases and norms of fewer
    rate : learning rate; bias_rate : that of biases and norms, relative to `rate`
    decay : weight decay, an L2 term in the gradient
    """

    def __init__(
        self, parameters: Iterable[nn.Parameter], rate: float, momentum: float, decay: float, bias_rate: float
    ) -> None:
        every = list(parameters)
        shared = {"momentum": momentum, "lr": rate}
        groups: list[dict[str, Any]] = [
            {"params": [p for p in every if p.ndim > 1], "weight_decay": decay, "adapted": True, "factor": 1.0},
            {"params": [p for p in every if p.ndim <= 1], "weight_decay": 0.0, "adapted": False, "factor": bias_rate},
        ]
        super().__init__(groups, shared)

    @overload
    def step(self, closure: None = None) -> None: ...

    @overload
    def step(self, closure: Callable[[], float]) -> float: ...

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Take a step along the gradients: m <- momentum m + q (g + decay w), w <- w - factor lr m.

        q = TRUST |w| / |g + decay w| for weights, and 1 for biases and norms or where one of the norms is 0.
        """
        loss = None if closure is None else torch.enable_grad()(closure)()
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                update = weight.grad.add(weight, alpha=group["weight_decay"])
                if group["adapted"]:
                    update = update * _trust(weight, update)
                state = self.state[weight]
                if "moment" not in state:
                    state["moment"] = torch.zeros_like(weight)
                state["moment"].mul_(group["momentum"]).add_(update)
                weight.add_(state["moment"], alpha=-group["lr"] * group["factor"])
        return loss


def _trust(weight: Tensor, update: Tensor) -> Tensor:
    """Return TRUST |weight| / |update|, or 1 where one of the norms is 0; without a wait for the GPU."""
    size, length = torch.linalg.vector_norm(weight), torch.linalg.vector_norm(update)
    return torch.where((size > 0) & (length > 0), TRUST * size / length.clamp(min=torch.finfo(length.dtype).tiny), 1.0)
