"""Batches of views for training; threads decode them during the step before."""

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

import torch
from torch import Tensor

from iebench.baselines.action import LABEL, OBJECT
from iebench.manifests.common.patience import PATIENCE, joins

from .images import Images
from .order import Order
from .partners import Partners
from .pixel_cache import CachedPixels, Decoded

T = TypeVar("T")

AHEAD = 3  # batches that wait in the queue


@dataclass(frozen=True)
class Batch:
    """K views of each of B objects.

    images : (B, K, 3, H, W) uint8, channels last in memory
    latents : name -> (B, K) float64; LABEL and OBJECT -> (B, K) int64
    """

    images: Tensor
    latents: dict[str, Tensor]

    def pixels(self, device: torch.device) -> Tensor:
        """Return the images on a device as (B, K, 3, H, W) float32 in [0, 1]."""
        return self.images.to(device, non_blocking=True).float().div_(255)  # in place: a batch of 1024 pairs is 1.6 GB


class Batches:
    """Makes the batch of any step.

    pixels : source of the pixels; see `choose` in pixel_cache.py
    latents : columns to include, among them LABEL or OBJECT if they are named
    device : the training device; prefetched images are copied to it
    """

    def __init__(
        self,
        images: Images,
        order: Order | Partners,
        pixels: Decoded | CachedPixels,
        latents: tuple[str, ...],
        device: torch.device,
    ) -> None:
        self.images, self.order, self.pixels, self.latents, self.device = images, order, pixels, latents, device

    def make(self, step: int) -> Batch:
        """Make the batch of a step, counted from 0."""
        rows = self.order.rows(step)
        stored = self.pixels.take(rows.ravel())
        known = {**self.images.latents, LABEL: self.images.labels}
        latents = {name: torch.from_numpy(known[name][rows]) for name in self.latents if name != OBJECT}
        if OBJECT in self.latents:
            latents[OBJECT] = torch.from_numpy(rows // self.images.views_per_object)
        return Batch(stored.view(*rows.shape, *stored.shape[1:]).permute(0, 1, 4, 2, 3), latents)

    @contextmanager
    def prefetch(self, start: int, stop: int) -> Iterator[Iterator[Batch]]:
        """Iterate over the batches of steps start .. stop - 1, made by a thread that ends with the `with` block."""
        made = (self.make(step) for step in range(start, stop))
        if self.device.type == "cuda":
            with ahead(_sent(made, self.device)) as sent:
                yield _received(sent)
        else:
            with ahead(made) as batches:
                yield batches


def _sent(batches: Iterator[Batch], device: torch.device) -> Iterator[tuple[Batch, torch.cuda.Event]]:
    """Start to copy the images of batches to the GPU; yield each batch with the event that marks the end of its copy.

    The copies use their own stream, so that they run during the training step. The prefetch thread runs this function.
    """
    if device.index is not None:
        torch.cuda.set_device(device)  # of this thread; else every rank would use memory of the first GPU
    stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
    while True:
        with torch.cuda.stream(stream):  # not around the yield, which would leave it open in between
            batch = next(batches, None)  # a cache on the GPU is filled and read in this stream too
            if batch is None:
                return
            moved = replace(batch, images=batch.images.to(device, non_blocking=True))
            arrived = stream.record_event()
        yield moved, arrived


def _received(sent: Iterator[tuple[Batch, torch.cuda.Event]]) -> Iterator[Batch]:
    """Yield the batches once the current stream waits for their copies; the wait is on the GPU, not on the CPU."""
    for batch, arrived in sent:
        stream = torch.cuda.current_stream(batch.images.device)
        stream.wait_event(arrived)
        batch.images.record_stream(stream)  # else its memory might be reused while the step still reads it
        yield batch


@contextmanager
def ahead(items: Iterator[T], depth: int = AHEAD) -> Iterator[Iterator[T]]:
    """Iterate in a thread, up to `depth` items ahead; an error in the thread is raised in the consumer.

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
        joins(thread, PATIENCE)


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
    except BaseException as error:  # any error belongs to the consumer's thread
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
