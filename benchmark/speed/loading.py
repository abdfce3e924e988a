"""Pairs of views per second: ours and the usual loader, with as many threads as the other has processes."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import simplejpeg
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader

from iebench.baselines.action import ROTATION, rotation_between, view
from iebench.baselines.networks.encoder import MEAN, STD

from ..data.batches import Batches, ahead
from ..data.buffers import Buffers
from ..data.images import Images
from ..data.order import Order
from ..data.pixel_cache import CPU, CachedPixels, Decoded
from .clock import Spent, in_turns, middle, watch
from .reference import Pairs

REFERENCE, UINT8, FLOAT, KEPT, DECODE = (
    "files, npy, Pillow: float32, normalised", "ours: uint8", "ours, normalised on the CPU too: float32",
    "ours, kept in memory (all decoded before): uint8", "decoding alone, from memory to memory",
)  # fmt: skip
Stream = tuple[Iterator[object], list[int]]
"""Batches, and ids of the other processes that make them."""


def measure(
    images: Images, files: Path, size: int, batch: int, workers: int, seconds: float, rounds: int
) -> dict[str, list[Spent]]:
    """Measure wall and CPU time per image, by way of loading and round.

    images : opened with `workers` threads
    files : the same split as files, from `lay_out`
    batch : pairs per batch
    """
    ways = {
        REFERENCE: partial(reference, images, files, size, batch, workers),
        UINT8: partial(ours, images, Decoded(images, size, pinned=False), batch),
        FLOAT: partial(normalised, images, size, batch),
        KEPT: partial(ours, images, _filled(images, size), batch),
        DECODE: partial(decoding, images, size, batch),
    }
    calls = {name: partial(_one, open_, 2 * batch, workers, seconds) for name, open_ in ways.items()}
    return in_turns(calls, rounds)


def report(times: dict[str, list[Spent]], workers: int) -> list[str]:
    """Format a table: medians of images/s and of CPU time, and both relative to the usual way."""
    lines = [f"{workers} worker{'s' if workers > 1 else ''}: images/s (times the usual), CPU ms for an image (times)"]
    base = times[REFERENCE]
    for name, samples in times.items():
        wall, cpu = middle(samples, "wall"), middle(samples, "cpu")
        faster, cheaper = middle(base, "wall") / wall, middle(base, "cpu") / cpu
        lines.append(f"  {name:48s} {1 / wall:8.0f} ({faster:5.1f})   {1e3 * cpu:7.3f} ({cheaper:5.1f})")
    others = [middle(samples, "others") for samples in times.values()]
    lines.append(f"  other processes kept {min(others):.1f} to {max(others):.1f} cores busy meanwhile")
    return lines


# --- the ways -----------------------------------------------------------------------------------------------


@contextmanager
def reference(images: Images, files: Path, size: int, batch: int, workers: int) -> Iterator[Stream]:
    """Load files with PyTorch's DataLoader."""
    views = images.views_per_object
    dataset = Pairs(files, images.labels[::views].tolist(), views, size)
    # a real dataset is long; this one is repeated, so that no epoch ends during the measurement
    endless = torch.utils.data.RandomSampler(dataset, replacement=True, num_samples=10**7)
    iterator = iter(DataLoader(dataset, batch, sampler=endless, num_workers=workers))
    try:
        yield iterator, [worker.pid for worker in iterator._workers]  # type: ignore[attr-defined]
    finally:
        iterator._shutdown_workers()  # type: ignore[attr-defined]


@contextmanager
def ours(images: Images, pixels: Decoded | CachedPixels, batch: int) -> Iterator[Stream]:
    """Load as training does, with the relative rotations that it computes from the latents."""
    batches = Batches(images, _order(images, batch), pixels, ROTATION, CPU)

    def with_rotations(made: Iterator[object]) -> Iterator[object]:
        for item in made:
            yield item, rotation_between(view(item.latents, 0), view(item.latents, 1))  # type: ignore[attr-defined]

    with batches.prefetch(0, 10**7) as prefetched:
        yield with_rotations(prefetched), []


@contextmanager
def normalised(images: Images, size: int, batch: int) -> Iterator[Stream]:
    """Load normalised floats, as the usual loader: decoded and normalised by the same threads, a few images at a time.

    Training does not do this, since the cost of normalising on a GPU is not measurable.
    """
    order, buffers = _order(images, batch), Buffers((size, size, 3 * 4), pinned=False)
    scale, shift = (torch.tensor(row).repeat(size) for row in _affine())
    pool = ThreadPoolExecutor(images.threads)

    def part(rows: NDArray[np.int64], out: Tensor) -> None:
        raw = np.empty((len(rows), size, size, 3), np.uint8)
        images.tars.decode(rows, raw)
        lines = out.view(-1, size, 3 * size)  # operations run along these long rows
        torch.addcmul(shift, lines.copy_(torch.from_numpy(raw).view(lines.shape)), scale, out=lines)

    def made() -> Iterator[Tensor]:
        for step in range(10**7):
            rows = order.rows(step).ravel()
            out = buffers.take(len(rows)).view(torch.float32)  # (n, size, size, 3)
            pieces = np.array_split(rows, -(-len(rows) // 4))  # small pieces stay in a core's cache
            list(pool.map(part, pieces, torch.split(out, [len(piece) for piece in pieces])))
            yield out.permute(0, 3, 1, 2)

    with pool, ahead(made()) as batches:
        yield batches, []


@contextmanager
def decoding(images: Images, size: int, batch: int) -> Iterator[Stream]:
    """Decode with libjpeg-turbo alone: no files, no hashes, no order."""
    jpegs = list(images.tars.members(np.arange(min(len(images), 2 * batch))))
    jpegs = [jpegs[i % len(jpegs)] for i in range(2 * batch)]
    out = np.empty((2 * batch, size, size, 3), np.uint8)

    def share(places: Iterator[int]) -> None:
        for position in places:
            simplejpeg.decode_jpeg(jpegs[position], "RGB", min_height=size, min_width=size, buffer=out[position])

    with ThreadPoolExecutor(images.threads) as pool:
        shared = (iter(range(2 * batch)) for _ in range(10**7))
        yield (list(pool.map(share, [places] * images.threads)) for places in shared), []


def _one(open_: Callable[[], AbstractContextManager[Stream]], size: int, workers: int, seconds: float) -> Spent:
    """Measure the time per image after the queues that fill at the start are empty again."""
    with open_() as (batches, processes):
        for _ in range(2 * workers + 4):
            next(batches)
        count = 0
        with watch(processes) as spent:
            end = os.times().elapsed + seconds
            while os.times().elapsed < end:
                next(batches)
                count += size
    return Spent(spent.wall / count, spent.cpu / count, spent.others)


def _order(images: Images, batch: int) -> Order:
    return Order(0, len(images) // images.views_per_object, images.views_per_object, batch, 2)


def _filled(images: Images, size: int) -> CachedPixels:
    kept = CachedPixels(images, size, CPU, pinned=False)
    for start in range(0, len(images), 256):
        kept.take(np.arange(start, min(start + 256, len(images))))
    return kept


def _affine() -> tuple[list[float], list[float]]:
    """Scale and shift per channel from a byte to a normalised value."""
    return [1 / (255 * std) for std in STD], [-mean / std for mean, std in zip(MEAN, STD, strict=True)]
