"""Batches of views for training, decoded by threads while the step before runs."""

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from iebench.baselines.action import LABEL

from .images import Images
from .order import Order

T = TypeVar("T")

RESIDENT_BYTES = 2 << 30  # a split whose pixels fit is decoded once and kept in memory
AHEAD = 3  # batches waiting


@dataclass(frozen=True)
class Batch:
    """K views of each of B objects.

    images : (B, K, 3, H, W) uint8, channels last in memory
    latents : name -> (B, K) float64; "label" -> (B, K) int64
    """

    images: Tensor
    latents: dict[str, Tensor]

    def pixels(self, device: torch.device) -> Tensor:
        """The images on a device as (B, K, 3, H, W) float32 in [0, 1]."""
        return self.images.to(device, non_blocking=True).float() / 255


class Batches:
    """Makes the batch of any step.

    size : side of the images in pixels
    latents : the columns to bring along, the label among them if it is named
    """

    def __init__(self, images: Images, order: Order, size: int, latents: tuple[str, ...], pin: bool) -> None:
        self.images, self.order, self.size, self.latents, self.pin = images, order, size, latents, pin

    def make(self, step: int) -> Batch:
        """The batch of a step, counted from 0."""
        rows = self.order.rows(step)
        stored = self._pixels(rows.ravel()).reshape(*rows.shape, self.size, self.size, 3)
        pixels = torch.from_numpy(stored).permute(0, 1, 4, 2, 3)
        known = {**self.images.latents, LABEL: self.images.labels}
        latents = {name: torch.from_numpy(known[name][rows]) for name in self.latents}
        return Batch(pixels.pin_memory() if self.pin else pixels, latents)

    def _pixels(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        fits = len(self.images) * self.size**2 * 3 <= RESIDENT_BYTES
        return self._resident[rows] if fits else self.images.read(rows, self.size)

    @cached_property
    def _resident(self) -> NDArray[np.uint8]:
        return self.images.read(np.arange(len(self.images)), self.size)

    @contextmanager
    def prefetch(self, start: int, stop: int) -> Iterator[Iterator[Batch]]:
        """The batches of steps start .. stop - 1, made in a thread that ends with the `with` block."""
        with ahead(self.make(step) for step in range(start, stop)) as batches:
            yield batches


@contextmanager
def ahead(items: Iterator[T], depth: int = AHEAD) -> Iterator[Iterator[T]]:
    """Iterate in a thread, up to `depth` items ahead; an error in it is raised where the items are used.

    >>> with ahead(iter(range(3))) as items:
    ...     list(items)
    [0, 1, 2]
    """
    waiting: queue.Queue[T | _End] = queue.Queue(depth)
    leaving = threading.Event()
    thread = threading.Thread(target=_fill, args=(items, waiting, leaving), name="prefetch", daemon=True)
    thread.start()
    try:
        yield _drain(waiting)
    finally:
        leaving.set()
        thread.join()


@dataclass(frozen=True)
class _End:
    error: BaseException | None


def _fill(items: Iterator[T], waiting: "queue.Queue[T | _End]", leaving: threading.Event) -> None:
    def put(item: "T | _End") -> bool:
        while not leaving.is_set():
            try:
                waiting.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    try:
        for item in items:
            if not put(item):
                return
        put(_End(None))
    except BaseException as error:  # whatever it is, it belongs to the thread that waits for items
        put(_End(error))


def _drain(waiting: "queue.Queue[T | _End]") -> Iterator[T]:
    while True:
        item = waiting.get()
        if not isinstance(item, _End):
            yield item
        elif item.error is not None:
            raise item.error
        else:
            return
