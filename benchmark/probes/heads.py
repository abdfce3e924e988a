"""Heads on cached features: what they are to learn, training, and their outputs on val."""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..protocol import Training
from .context import Context, Rows, Split
from .standardise import BLOCK

_METER = threading.Lock()


@dataclass(frozen=True)
class Task:
    """What a head learns.

    views : 1 or 2 views whose features are its input; hidden, outputs : its widths, ReLU between
    target : (split, rows (k, views)) -> what the loss compares with, one row or number each
    """

    views: int
    hidden: tuple[int, ...]
    outputs: int
    target: Callable[[Split, Rows], NDArray[np.float32] | NDArray[np.int64]]
    loss: Callable[[Tensor, Tensor], Tensor]
    training: Training


def mlp(widths: tuple[int, ...], seed: int) -> nn.Sequential:
    """Linear layers of the given widths, ReLU between; two widths make a linear head. Same seed, same weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(widths):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        return nn.Sequential(*layers[:-1])


@dataclass(frozen=True)
class Trainee:
    """A head about to be trained on one part; built before any thread starts: it draws from a global generator."""

    head: nn.Sequential
    optimiser: torch.optim.Optimizer
    part: slice

    @staticmethod
    def of(context: Context, task: Task, part: slice) -> "Trainee":
        """A fresh head for a part, the same for the same seed."""
        widths = (task.views * (part.stop - part.start), *task.hidden, task.outputs)
        head = mlp(widths, context.seed).to(context.device)
        settings = task.training
        decay = settings.weight_decay
        return Trainee(head, torch.optim.Adam(head.parameters(), lr=settings.lr, weight_decay=decay, fused=True), part)


def answers(context: Context, task: Task, rows: Rows) -> dict[str, NDArray[np.float64]]:
    """Train a head on each part; what it answers for val rows (k, views), by part: (k, outputs) float64.

    On a CPU every head trains on one core, several heads at once: heads are too small to share, and the numbers do not
    depend on how many cores there are.
    """
    trainees = {name: Trainee.of(context, task, part) for name, part in context.parts.items()}
    on_cpu = context.device.type == "cpu"
    with one_thread_an_operation(), ThreadPoolExecutor((os.cpu_count() or 1) if on_cpu else 1) as pool:
        found = pool.map(lambda trainee: _answers(context, task, trainee, rows), trainees.values())
        return dict(zip(trainees, found, strict=True))


def fit(context: Context, task: Task, trainee: Trainee) -> None:
    """Train a head in place on the train split: one sample per object and epoch, in an order set by the seed."""
    train, settings = context.train, task.training
    order = np.random.default_rng(context.seed)
    batches = -(-train.objects // settings.batch)
    steps = settings.epochs * batches
    decay = torch.optim.lr_scheduler.LambdaLR(trainee.optimiser, lambda step: 1 - step / steps)
    for epoch in range(settings.epochs):
        for chosen in np.array_split(order.permutation(train.objects), batches):  # nearly equal: no tiny last batch
            rows = train.pair_rows(chosen, epoch)[:, : task.views]
            target = torch.from_numpy(task.target(train, rows)).to(context.device)
            trainee.optimiser.zero_grad()
            loss = task.loss(trainee.head(_inputs(context, train, rows, trainee.part)), target)
            loss.backward()  # type: ignore[no-untyped-call]
            trainee.optimiser.step()
            decay.step()
        with _METER:
            context.meter.advance()


@contextmanager
def one_thread_an_operation() -> Iterator[None]:
    """Let PyTorch use one thread for each operation, here and in threads started inside."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _answers(context: Context, task: Task, trainee: Trainee, rows: Rows) -> NDArray[np.float64]:
    fit(context, task, trainee)
    step = BLOCK // task.views
    with torch.no_grad():  # holds for this thread only, so other heads go on training
        blocks = [
            trainee.head(_inputs(context, context.val, rows[i : i + step], trainee.part)).double().cpu().numpy()
            for i in range(0, len(rows), step)
        ]
    return np.concatenate(blocks)


def _inputs(context: Context, split: Split, rows: Rows, part: slice) -> Tensor:
    features = context.standardiser(split.features[rows], part)
    return torch.from_numpy(features.reshape(len(rows), -1)).to(context.device)
