"""Heads on cached features: what they are to learn, training, and their outputs on val."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..protocol import Training
from .context import Context, Rows, Split
from .standardise import BLOCK


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


def fit(context: Context, task: Task, part: slice) -> nn.Sequential:
    """A head trained on one part of the train split's features: one sample per object and epoch, order by the seed."""
    train, seed = context.train, context.seed
    head = mlp((task.views * (part.stop - part.start), *task.hidden, task.outputs), seed).to(context.device)
    settings = task.training
    optimiser = torch.optim.Adam(head.parameters(), lr=settings.lr, weight_decay=settings.weight_decay, fused=True)
    order = np.random.default_rng(seed)
    batches = -(-train.objects // settings.batch)
    steps = settings.epochs * batches
    decay = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: 1 - step / steps)
    for epoch in range(settings.epochs):
        for chosen in np.array_split(order.permutation(train.objects), batches):  # nearly equal: no tiny last batch
            rows = train.pair_rows(chosen, epoch)[:, : task.views]
            target = torch.from_numpy(task.target(train, rows)).to(context.device)
            optimiser.zero_grad()
            loss = task.loss(head(_inputs(context, train, rows, part)), target)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            decay.step()
        context.meter.advance()
    return head


def answers(context: Context, task: Task, part: slice, rows: Rows) -> NDArray[np.float64]:
    """What a head trained on `part` answers for val rows (k, views): (k, outputs) float64."""
    head = fit(context, task, part)
    step = BLOCK // task.views
    with torch.no_grad():
        blocks = [
            head(_inputs(context, context.val, rows[i : i + step], part)).double().cpu().numpy()
            for i in range(0, len(rows), step)
        ]
    return np.concatenate(blocks)


def _inputs(context: Context, split: Split, rows: Rows, part: slice) -> Tensor:
    features = context.standardiser(split.features[rows], part)
    return torch.from_numpy(features.reshape(len(rows), -1)).to(context.device)
