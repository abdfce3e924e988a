"""Reuses memory for batches of pixels, since fresh memory costs a page fault every few kilobytes."""

import weakref

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class Buffers:
    """Allocates uint8 tensors of one shape.

    pinned : True for page-locked memory, from which a GPU copies asynchronously; PyTorch reuses it after the copies.
        False for other memory, which returns to this pool when the last tensor or view of it is deleted.
    """

    def __init__(self, shape: tuple[int, ...], pinned: bool) -> None:
        self.shape, self.pinned = shape, pinned
        self._free: list[NDArray[np.uint8]] = []

    def take(self, count: int) -> Tensor:
        """Return a (count, *shape) uint8 tensor with arbitrary content."""
        if self.pinned:
            return torch.empty((count, *self.shape), dtype=torch.uint8, pin_memory=True)
        array = self._large_enough(count)
        view = array[:count]  # the tensor holds a reference to this view until it is deleted
        weakref.finalize(view, self._free.append, array).atexit = False
        return torch.from_numpy(view)

    def _large_enough(self, count: int) -> NDArray[np.uint8]:
        """Return a free array of that length or more, or a new one; shorter ones are dropped."""
        while self._free:
            array = self._free.pop()
            if len(array) >= count:
                return array
        return np.empty((count, *self.shape), np.uint8)
