"""Memory for batches of pixels that is used again: fresh memory costs a page fault every few kilobytes."""

import weakref

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class Buffers:
    """Hands out uint8 tensors of one size.

    pinned : page-locked memory, from which a GPU copies while the CPU goes on; PyTorch keeps and reuses that itself,
        after the copies from it. Other memory comes back here when the last tensor or view of it is gone.
    """

    def __init__(self, shape: tuple[int, ...], pinned: bool) -> None:
        self.shape, self.pinned = shape, pinned
        self._free: list[NDArray[np.uint8]] = []

    def take(self, count: int) -> Tensor:
        """(count, *shape) uint8, with anything in it."""
        if self.pinned:
            return torch.empty((count, *self.shape), dtype=torch.uint8, pin_memory=True)
        kept = self._large_enough(count)
        lent = kept[:count]  # a tensor holds on to the array it is made from, and lets it go when it is gone itself
        weakref.finalize(lent, self._free.append, kept).atexit = False
        return torch.from_numpy(lent)

    def _large_enough(self, count: int) -> NDArray[np.uint8]:
        """A free array of that length or more, or a new one; smaller ones are let go."""
        while self._free:
            kept = self._free.pop()
            if len(kept) >= count:
                return kept
        return np.empty((count, *self.shape), np.uint8)
