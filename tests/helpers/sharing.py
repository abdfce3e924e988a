"""Processes that a test starts: they encode a split together, or one of them is killed while it encodes."""

import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from scoring import from_run
from torch import Tensor, nn

from iebench.benchmark.data.images import Images
from iebench.benchmark.distributed.ranks import joined
from iebench.benchmark.features import cache as features

CPU = torch.device("cpu")
BATCH = 8  # images of 32 pixels


class Mortal(nn.Module):
    """Passes images on to another module, and kills its own process after a given number of images."""

    def __init__(self, inner: nn.Module, last: int) -> None:
        super().__init__()
        self.inner, self.left = inner, last

    def forward(self, images: Tensor) -> Tensor:
        self.left -= len(images)
        if self.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        out: Tensor = self.inner(images)
        return out


def encode(run: Path, data: Path, cache: Path, last: int = 10**9) -> None:
    """Encode the train split into `cache`, as one rank of several or alone."""
    features.PIXELS["cpu"] = BATCH * 32**2
    torch.set_num_threads(1)
    with joined("cpu") as ranks:
        encoder = from_run(run, None, CPU)
        encoder = replace(encoder, module=Mortal(encoder.module, last))
        images = Images.open(data, "train")
        features.encode(encoder, images, np.arange(len(images)), cache, CPU, ranks)
