"""The optimizer, and its learning rate as a pure function of the step, so that a resumed run needs no other state."""

import math
from collections.abc import Iterable

from torch import nn, optim

from .config import TrainSettings
from .lars import LARS


def optimizer(parameters: Iterable[nn.Parameter], settings: TrainSettings) -> optim.Optimizer:
    """Build the optimizer; weight decay is an L2 term in the gradient, or decoupled with "adamw"; see `LARS` too."""
    rate, decay, weights = settings.learning_rate, settings.weight_decay, list(parameters)
    fused = weights[0].is_cuda or None  # on a GPU one kernel for all weights, without a wait for the CPU
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
