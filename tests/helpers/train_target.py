"""Runs a training that a test stops or kills: python train_target.py RUN DATA RANKS STEPS."""

import sys
from pathlib import Path

import torch

from iebench.benchmark.commands.launch import launch, train_as_rank
from iebench.benchmark.training.config import RunConfig
from iebench.benchmark.training.train import train
from iebench.manifests.shell.cli import guarded

SETTINGS = [
    "batch=8", "resolution=16", "encoder.width=0.125", "encoder.stem=small", "log_every=1", "checkpoint_every=5",
    "keep_every=20", "method.projector=[16, 16]", "schedule=cosine",
]  # fmt: skip


def config(data, steps):
    """Return the settings of the run to be killed: SIE on small images."""
    return RunConfig.of("sie", "quick", [*SETTINGS, f"steps={steps}"], Path(data), 0, "cpu")


def work(run, data, ranks, steps):
    """Start the training, or resume it."""
    torch.set_num_threads(1)
    if int(ranks) > 1:
        launch(int(ranks), train_as_rank, Path(run), config(data, steps), True, "auto")
    else:
        train(Path(run), config(data, steps), resume=True)


if __name__ == "__main__":
    guarded(lambda: work(*sys.argv[1:]))
