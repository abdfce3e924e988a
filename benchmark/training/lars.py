"""LARS: momentum whose step is scaled, tensor by tensor, to the size of the weights (You et al. 2017)."""

from collections.abc import Callable, Iterable
from typing import Any, overload

import torch
from torch import Tensor, nn, optim

TRUST = 0.001  # eta: length of a step before momentum, relative to the weights


class LARS(optim.Optimizer):
    """LARS as in facebookresearch/barlowtwins: biases and norms are neither scaled nor decayed.

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
