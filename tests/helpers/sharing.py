"""Processes that a test starts: they encode a split or score together, or one of them is killed while it encodes."""

import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from scoring import LINEAR, SMALL, from_run
from torch import Tensor, nn

from iebench.benchmark import protocol
from iebench.benchmark.commands.score import score
from iebench.benchmark.data.images import Images
from iebench.benchmark.distributed.ranks import joined
from iebench.benchmark.features import cache as features

CPU = torch.device("cpu")
BATCH = 8  # images of 32 pixels
BRIEF = replace(SMALL, heads={"classification": LINEAR}, few_shot=None, maps=None, shares=False, axes=False)


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


def score_wrapped(folder: Path, run: str, data: Path, wrap: str) -> None:
    """Score a run behind a wrapper by the command, as one rank of several or alone; run : path in `folder`."""
    features.PIXELS["cpu"] = BATCH * 32**2
    torch.set_num_threads(1)
    os.chdir(folder)
    protocol.load = lambda name="": BRIEF  # type: ignore[assignment]
    arguments = ["--run", run, "--data", str(data), "--wrap", wrap, "--device", "cpu", "--limit", "3"]
    score.main(arguments, standalone_mode=False)
