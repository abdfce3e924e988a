"""The batch of all ranks, for losses and statistics that compare the objects of a batch with one another.

Distributed training averages the ranks' gradients, so it minimises the mean of the ranks' losses. A loss that every
rank computes on the gathered batch is that mean itself; a loss that is a mean over a rank's own share becomes the mean
over the batch, all shares being equal. Both then have the value and the gradients of one process with the whole batch.
"""

from typing import Any

import torch
from torch import Tensor
from torch import distributed as dist


def gather(mine: Tensor) -> Tensor:
    """The rows of all ranks in rank order, with gradients; without other ranks, the tensor itself.

    The gradient that a rank gets for its rows is the sum over the losses of all ranks, which the average over ranks
    that follows turns into the gradient of their mean.

    mine : (B, ...) of the same shape on every rank
    returns : (ranks * B, ...)
    """
    if not dist.is_initialized() or dist.get_world_size() == 1:
        return mine
    every: Tensor = _Gather.apply(mine)  # type: ignore[no-untyped-call]
    return every


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, mine: Tensor) -> Tensor:
        parts = [torch.empty_like(mine, memory_format=torch.contiguous_format) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, mine.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        summed = gradient.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(summed)
        return summed.chunk(dist.get_world_size())[dist.get_rank()]
