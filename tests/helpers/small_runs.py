"""Trainings of ten small steps, and comparisons of the runs that they write."""

from dataclasses import asdict
from pathlib import Path

import torch
from tiny import tiny

from iebench.benchmark.training import runs
from iebench.benchmark.training.checkpoint import CHECKPOINT
from iebench.benchmark.training.config import RunConfig, resolve
from iebench.benchmark.training.log import TIMES, read
from iebench.manifests.dataset import DatasetInfo

SMALL = [
    "batch=8", "resolution=16", "encoder.width=0.125", "encoder.stem=small", "steps=10", "learning_rate=1e-3",
    "log_every=1", "checkpoint_every=4",
]  # fmt: skip


def config(data: Path, *assignments: str, method: str = "sie", seed: int = 0) -> RunConfig:
    """Return the configuration of a training of seconds on a dataset."""
    settings, own = resolve(method, "quick", [*SMALL, *tiny(method), *assignments])
    info = DatasetInfo.load(data)
    return RunConfig(method, asdict(own), settings, data, info.fingerprint, settings.side(32), seed, "cpu", {})


def losses(run: Path) -> list[dict[str, float]]:
    """Return the log without its time columns."""
    return [{name: value for name, value in line.items() if name not in TIMES} for line in list(read(run))]


def assert_same_end(run: Path, other: Path) -> None:
    """Check that weights, optimizer and random generators are bit-equal, and logs equal."""
    states = [torch.load(folder / CHECKPOINT, weights_only=True) for folder in (run, other)]
    for part in ("method", "optimizer", "generators"):
        torch.testing.assert_close(states[0][part], states[1][part], rtol=0, atol=0)
    assert losses(run) == losses(other)
    assert (run / runs.WEIGHTS).read_bytes() == (other / runs.WEIGHTS).read_bytes()
