"""Heads on cached features: all tasks, parts, seeds and learning rates are trained in one pass over the train split."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from iebench.manifests.common.machine import cores

from ..distributed.device import one_thread_an_operation
from ..errors import ScoringError
from ..protocol import Head
from ..statistics.bootstrap import Estimate
from .context import Context, Rows, Split
from .sources import Anew, Cached, Source
from .stack import Loss, Stack
from .standardise import ROWS_PER_BLOCK

Targets = NDArray[np.float32] | NDArray[np.int64]
ROUNDS = 32  # of train pairs, for floors
METER = threading.Lock()


@dataclass(frozen=True)
class Predictions:
    """Predictions of the heads of one part on val.

    outputs : (S, k, outputs) float64, of the selected combination, one head per seed
    rows, objects : (k, views) and (k,), the evaluated views and their objects
    part : name of the part of the representation
    seeds : seeds of the heads (S,), None if there is no seed
    """

    outputs: NDArray[np.float64]
    rows: Rows
    objects: NDArray[np.int64]
    part: str
    seeds: tuple[int | None, ...]


@dataclass(frozen=True)
class Task:
    """A task for heads.

    name : name of its heads in the protocol
    views : 1 or 2 views whose features are the input; outputs : number of outputs
    target : (split, rows (..., views)) -> targets of the loss, one row or number per sample
    measure : predictions on one part -> values by metric
    choice : quantity minimised on the tuning objects to select learning rate and weight decay; default: the loss
    """

    name: str
    views: int
    outputs: int
    target: Callable[[Split, Rows], Targets]
    loss: Loss
    measure: Callable[[Predictions], dict[str, Estimate]]
    choice: Loss | None = None


def seen(context: Context, views: int) -> Rows:
    """Return train rows (k, views) for fitting a constant prediction."""
    return context.train.pairs_of(context.training_objects, ROUNDS)[0][:, :views]


def train_heads(
    context: Context, tasks: Sequence[Task], source: Callable[[], Source] | None = None
) -> list[dict[str, Predictions]]:
    """Train heads for all tasks on all parts; returns, for each task, the predictions on val by part.

    source : constructor of the source of features; by default the protocol decides

    On a CPU each stack of heads is trained on one core, since it is too small for several, and the stacks are
    distributed over the cores. Results thus do not depend on the number of cores. On a GPU one pass trains all stacks.

    Raises
    ------
    ScoringError : outputs of heads are not finite.
    """
    drifting = context.protocol.batch_norm == "train"
    make = source or (lambda: Anew(context, drifting=True) if drifting else Cached(context))
    cached = None if drifting or source else make()
    jobs = [job for task in tasks for job in _jobs(context, task, cached or make())]
    workers = cores() if context.device.type == "cpu" else 1
    with one_thread_an_operation(), ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda group: fit(context, group), _shared_out(jobs, workers)))
        chosen = pool.map(lambda job: _predictions(context, job), jobs)
        predictions: dict[str, dict[str, Predictions]] = defaultdict(dict)
        for job, (result, settings) in zip(jobs, chosen, strict=True):
            predictions[job.task.name][job.part] = result
            context.chosen.setdefault(job.part, {})[job.task.name] = settings
    return [predictions[task.name] for task in tasks]


@dataclass(frozen=True)
class _Job:
    """The heads of one task on one part, and the source of their features."""

    task: Task
    part: str
    settings: Head
    stack: Stack
    source: Source

    @property
    def cost(self) -> int:
        """Approximate number of multiplications of the training."""
        return self.settings.epochs * sum(weight.numel() for weight in self.stack.weights)


def _jobs(context: Context, task: Task, source: Source) -> Iterator[_Job]:
    """Yield a task's heads, part by part."""
    settings = context.protocol.heads[task.name]
    for part, columns in context.parts.items():
        widths = (task.views * (columns.stop - columns.start), *settings.hidden, task.outputs)
        yield _Job(task, part, settings, Stack(widths, settings, context.seeds, context.device), source)


def _shared_out(jobs: Sequence[_Job], workers: int) -> list[list[_Job]]:
    """Group jobs with the same source, epochs and batch into passes: as many as workers, with similar cost."""
    schedules: dict[tuple[int, int, int], list[_Job]] = defaultdict(list)
    for job in sorted(jobs, key=lambda job: -job.cost):
        schedules[job.settings.epochs, job.settings.batch, id(job.source)].append(job)
    groups: list[list[_Job]] = []
    for alike in schedules.values():
        shares: list[list[_Job]] = [[] for _ in range(min(workers, len(alike)) if alike[0].source.shared else 1)]
        for job in alike:
            min(shares, key=lambda share: sum(other.cost for other in share)).append(job)
        groups += shares
    return sorted(groups, key=lambda group: -sum(job.cost for job in group))


def fit(context: Context, jobs: Sequence[_Job]) -> None:
    """Train heads in place in one pass: one sample per object and epoch; each seed has its own order.

    jobs : jobs with the same source, epochs and batch
    """
    train, settings = context.train, jobs[0].settings
    orders = [np.random.default_rng(seed) for seed in context.seeds]
    count = -(-len(context.training_objects) // settings.batch)
    for epoch in range(settings.epochs):
        shuffled = np.stack([order.permutation(context.training_objects) for order in orders])
        for number, chosen in enumerate(np.array_split(shuffled, count, axis=1)):  # nearly equal: no tiny last batch
            batch = _Batch(context, jobs[0].source, train.pair_rows(chosen, epoch))
            for job in jobs:
                progress = (epoch * count + number) / (settings.epochs * count)
                job.stack.step(batch.inputs(job), batch.targets(job.task), job.task.loss, progress)
        with METER:
            context.meter.advance(len(jobs))


class _Batch:
    """Samples of each seed, read and standardised once for all heads. rows : (S, B, 2)."""

    def __init__(self, context: Context, source: Source, rows: Rows) -> None:
        self.context, self.source, self.rows = context, source, rows
        self._features: dict[int, Tensor] = {}
        self._inputs: dict[tuple[int, str], Tensor] = {}
        self._targets: dict[str, Tensor] = {}

    def inputs(self, job: _Job) -> Tensor:
        """Inputs of a job's heads: (S, B, views * width of the part)."""
        views = job.task.views
        if (views, job.part) not in self._inputs:
            if views not in self._features:
                self._features[views] = self.source.for_training(self.rows[..., :views])
            part = self._features[views][..., self.context.parts[job.part]]
            self._inputs[views, job.part] = part.flatten(-2)
        return self._inputs[views, job.part]

    def targets(self, task: Task) -> Tensor:
        """Targets of a task: (S, B, ...)."""
        if task.name not in self._targets:
            target = task.target(self.context.train, self.rows[..., : task.views])
            self._targets[task.name] = torch.from_numpy(target).to(self.context.device)
        return self._targets[task.name]


def _predictions(context: Context, job: _Job) -> tuple[Predictions, tuple[float, float]]:
    """Return the val predictions of a job's heads with the best learning rate and weight decay, and these two."""
    best = _best(context, job)
    rows, objects = context.val.evaluation_rows(job.task.views, context.protocol.val_views == "all")
    blocks = [block[best].double().cpu().numpy() for block, _ in _blocks(context, job, context.val, rows)]
    outputs = np.concatenate(blocks, axis=1)
    if not np.isfinite(outputs).all():
        raise ScoringError(
            f"the {job.task.name} heads on part {job.part!r} did not stay finite: its features are too large for this "
            "protocol's learning rate; scale them, or use a protocol that standardises"
        )
    return Predictions(outputs, rows, objects, job.part, context.seeds), job.settings.grid[best]


def _best(context: Context, job: _Job) -> int:
    """Return the index of the combination with the smallest error on the tuning objects, in the mean over seeds."""
    if len(job.settings.grid) == 1:
        return 0
    rows = context.train.pairs_of(context.tuning_objects, context.protocol.val_pairs)[0][:, : job.task.views]
    total = torch.zeros(len(job.settings.grid), dtype=torch.float64)
    for outputs, block in _blocks(context, job, context.train, rows):
        target = torch.from_numpy(job.task.target(context.train, block)).to(context.device)
        total += (job.task.choice or job.task.loss)(outputs, target[None]).double().cpu().mean(1) * len(block)
    return int(torch.nan_to_num(total, nan=torch.inf).argmin())


def _blocks(context: Context, job: _Job, split: Split, rows: Rows) -> Iterator[tuple[Tensor, Rows]]:
    """Yield all heads' outputs (C, S, b, outputs) for rows (k, views), block by block, with the rows."""
    step = max(1, ROWS_PER_BLOCK // (job.task.views * len(context.seeds) * len(job.settings.grid)))
    for start in range(0, len(rows), step):
        block = rows[start : start + step]
        with torch.no_grad():  # affects this thread only, so other heads continue training
            inputs = job.source.for_evaluation(split, block)[..., context.parts[job.part]].flatten(-2)
            yield job.stack(inputs.expand(len(context.seeds), -1, -1)), block
