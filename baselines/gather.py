"""Gathers the batch of all ranks, for losses and statistics that compare the objects of a batch with one another.

Distributed training averages the ranks' gradients, so it minimises the mean of the ranks' losses. If every rank
computes a loss on the gathered batch, that mean is the loss itself. If a loss is a mean over a rank's own share, the
mean over ranks is the mean over the batch, since all shares are equal. Both have the value and the gradients of one
process with the whole batch.
"""

from typing import Any

import torch
from torch import Tensor
from torch import distributed as dist


def gather(mine: Tensor) -> Tensor:
    """Return the rows of all ranks in rank order, with gradients; with one rank, the tensor itself.

    A rank's rows get the sum of the gradients of all ranks' losses. Distributed training then divides by the number of
    ranks, which gives the gradient of the mean loss.

    mine : (B, ...) of the same shape on every rank
    returns : (ranks * B, ...)
    """
    if not dist.is_initialized() or dist.get_world_size() == 1:
        return mine
    every: Tensor = _Gather.apply(mine)  # type: ignore[no-untyped-call]
    return every


def rows(count: int, device: torch.device) -> tuple[Tensor, int]:
    """Return the positions (count,) of a rank's rows in the batch of all ranks, and the size of that batch."""
    rank, ranks = (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)
    return torch.arange(rank * count, (rank + 1) * count, device=device), ranks * count


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
