"""A split as a dataset of PyTorch: `open_dataset(...).torch(...)`."""

import os
from typing import Any, TypedDict

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset, get_worker_info

from ..data.images import Images
from ..errors import UsageError
from .loader import ObjectBatches


class Item(TypedDict):
    """Views of one object.

    images : (K, 3, H, W) float32 in [0, 1], RGB
    latents : factor name -> (K,) float64, in the factor's unit
    views : (K,) int64, numbers of the views
    label : class of the object; object : its number in the split
    """

    images: Tensor
    latents: dict[str, Tensor]
    views: Tensor
    label: int
    object: int


class Objects(Dataset[Item]):
    """The objects of a split, each with some of its views; for `torch.utils.data.DataLoader`, with or without workers.

    An item depends only on the object, the seed and the epoch, not on workers or order. Each worker opens the files by
    itself.

    images : the split
    views : number of distinct views of an object, drawn by seed and epoch; None for all, in order
    resolution : side in pixels; None for that of the dataset

    Raises
    ------
    UsageError : more views or more pixels than there are, or fewer than one.
    """

    def __init__(self, images: Images, views: int | None = None, resolution: int | None = None, seed: int = 0) -> None:
        for name, value, most in (
            ("views", views, images.views_per_object),
            ("resolution", resolution, images.resolution),
        ):
            if value is not None and not 1 <= value <= most:
                raise UsageError(
                    f"{name} is {value}, and {images.folder} has {most}: give a whole number from 1 to {most}"
                )
        self.folder, self.split, self.views, self.resolution, self.seed = (
            images.folder, images.split, views, resolution, seed,
        )  # fmt: skip
        self.fingerprint = images.info.fingerprint
        self._objects = len(images) // images.views_per_object
        # workers that persist see it change
        self._epoch: Tensor = torch.zeros((), dtype=torch.int64).share_memory_()  # type: ignore[no-untyped-call]
        self._images: Images | None = images
        self._process = os.getpid()

    def __len__(self) -> int:
        return self._objects

    def __getitem__(self, index: int) -> Item:
        if not -len(self) <= index < len(self):
            raise IndexError(f"{self.folder} has {len(self)} objects in {self.split}, and no object {index}")
        number, images = index % len(self), self._open()
        views = self._views(number, images.views_per_object)
        rows = number * images.views_per_object + views
        pixels = torch.from_numpy(images.read(rows, self.resolution)).permute(0, 3, 1, 2)
        return {
            "images": pixels.float().div_(255).contiguous(),
            "latents": {name: torch.from_numpy(values[rows]) for name, values in images.latents.items()},
            "views": torch.from_numpy(views),
            "label": int(images.labels[rows[0]]),
            "object": number,
        }

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch, a whole number from 0 that decides which views are drawn."""
        self._epoch.fill_(epoch)

    def batches(self, batch: int, workers: int = 0, rank: int | None = None, ranks: int | None = None) -> ObjectBatches:
        """Return shuffled batches for a training loop, which can be saved and continued in the middle of an epoch.

        batch : objects of all ranks together; workers : processes that decode; see `ObjectBatches`
        rank, ranks : number of this process, and of all; default those of torch.distributed, if it is initialised

        Raises
        ------
        UsageError : a batch that is larger than the split or does not divide among the ranks; no such rank.
        """
        return ObjectBatches(self, batch, workers, rank, ranks)

    def _views(self, number: int, stored: int) -> NDArray[np.int64]:
        """Return the view numbers of an object in this epoch."""
        if self.views is None:
            return np.arange(stored)
        generator = np.random.default_rng([self.seed, int(self._epoch), number])
        return generator.permutation(stored)[: self.views]

    def _open(self) -> Images:
        """Return the split, opened in this process."""
        if self._images is None or self._process != os.getpid():
            threads = None if get_worker_info() is None else 1
            self._images, self._process = Images.open(self.folder, self.split, threads=threads), os.getpid()
        return self._images

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_images": None}
