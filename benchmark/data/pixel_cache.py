"""Sources of a batch's pixels: decoding for each batch, or a cache of uint8 pixels in memory or on the GPU."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from iebench.manifests.common.machine import free_memory

from ..errors import SettingError
from .buffers import Buffers
from .images import Images

Cache = Literal["auto", "ram", "gpu", "none"]

GPU_SHARE = 1 / 3  # of the GPU's free memory; activations need the rest
RAM_SHARE = 1 / 2  # of the machine's free memory, for all processes that train on it
CPU = torch.device("cpu")


class Decoded:
    """Decodes images at every request.

    pinned : True for page-locked memory, from which a GPU copies asynchronously
    """

    def __init__(self, images: Images, size: int, pinned: bool) -> None:
        self.images, self.size = images, size
        self._buffers = Buffers((size, size, 3), pinned)

    def take(self, rows: NDArray[np.int64]) -> Tensor:
        """Return the pixels of some rows: (n, size, size, 3) uint8 RGB on the CPU."""
        pixels = self._buffers.take(len(rows))
        self.images.read(rows, self.size, out=pixels.numpy())
        return pixels


class CachedPixels:
    """Decodes each image at its first request and stores its pixels.

    A short run thus does not wait until the split is decoded, and a long run soon has nothing left to decode.

    device : device of the cache
    pinned : as in Decoded
    """

    def __init__(self, images: Images, size: int, device: torch.device, pinned: bool) -> None:
        self._decoded = Decoded(images, size, pinned and device.type != "cpu")
        self._buffers = Buffers((size, size, 3), pinned)
        shape = (len(images), size, size, 3)
        if device.type == "cpu":  # by NumPy: its large arrays use huge pages and take memory as they are filled
            self._kept = torch.from_numpy(np.empty(shape, np.uint8))
        else:
            self._kept = torch.empty(shape, dtype=torch.uint8, device=device)
        self._known = np.zeros(len(images), bool)

    def take(self, rows: NDArray[np.int64]) -> Tensor:
        """Return the pixels of some rows: (n, size, size, 3) uint8 RGB on the device."""
        missing = np.unique(rows[~self._known[rows]])
        if len(missing):
            self._keep(missing, self._decoded.take(missing))
            self._known[missing] = True
        if self._kept.device.type != "cpu":
            return self._kept.index_select(0, torch.from_numpy(rows).to(self._kept.device))
        out = self._buffers.take(len(rows))
        np.take(self._kept.numpy(), rows, axis=0, out=out.numpy(), mode="clip")  # "raise" would fill a copy of `out`
        return out

    def _keep(self, rows: NDArray[np.int64], pixels: Tensor) -> None:
        # On the CPU by NumPy: an operation of PyTorch would start threads for the prefetch thread. The training step's
        # threads, then more than there are cores, would sleep where they waited before (a quarter slower).
        device = self._kept.device
        if device.type == "cpu":
            self._kept.numpy()[rows] = pixels.numpy()
        else:
            self._kept.index_copy_(0, torch.from_numpy(rows).to(device), pixels.to(device, non_blocking=True))


@dataclass(frozen=True)
class FreeMemory:
    """Free memory in bytes: of the machine, for each process that trains on it; and of the GPU, 0 without a GPU."""

    ram: int
    gpu: int

    @staticmethod
    def of(device: torch.device, processes: int = 1) -> "FreeMemory":
        """Measure the free memory now."""
        gpu = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else 0
        return FreeMemory(free_memory() // processes, gpu)

    @property
    def of_device(self) -> int:
        """Free memory of the GPU, or of the machine if no GPU is used."""
        return self.gpu or self.ram


def choose(
    cache: Cache, images: Images, size: int, device: torch.device, memory: FreeMemory
) -> tuple[Decoded | CachedPixels, str]:
    """Choose the source of a run's pixels; returns it with a sentence that states the choice and its reason.

    Raises
    ------
    SettingError : "gpu" without a GPU; "gpu" or "ram" if the pixels do not fit.
    """
    need, pinned = len(images) * size * size * 3, device.type == "cuda"
    amount = f"{len(images)} images of {size} pixels take {_gigabytes(need)}"
    limits = {"gpu": (memory.gpu, GPU_SHARE, "on the GPU"), "ram": (memory.ram, RAM_SHARE, "in memory")}
    if cache == "gpu" and not memory.gpu:
        raise SettingError("--cache gpu needs a GPU: use --cache ram, or --device cuda")
    for kind, (free, share, where) in limits.items():
        if cache == kind and need > free:
            raise SettingError(
                f"--cache {kind}: {amount} and {_gigabytes(free)} are free {where}: use --cache none, or a smaller "
                "resolution"
            )
        if cache == kind or (cache == "auto" and need <= share * free):
            kept = CachedPixels(images, size, device if kind == "gpu" else CPU, pinned)
            return kept, f"pixels are kept {where} once decoded: {amount} of the {_gigabytes(free)} free there"
    if cache == "none":
        return Decoded(images, size, pinned), "pixels are decoded for each batch, as requested"
    tried = " and ".join(f"{_gigabytes(free)} {where}" for free, _, where in limits.values() if free)
    return Decoded(images, size, pinned), f"pixels are decoded for each batch: {amount}, too much for the {tried} free"


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 5e7 else f"{count / 1e6:.1f} MB"
