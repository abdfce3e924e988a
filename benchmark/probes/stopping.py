"""Heads that train until they have converged: until their loss on the tuning objects has stopped falling.

A head adds to the answer of the linear probes, or to a constant, and starts with nothing to add. It counts as it was
when its loss was smallest, so that it is worse than what it started from by chance alone. Each trains by itself: its
answers depend on no other head's length.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from iebench.manifests.common.machine import cores

from ..protocol import Head
from ..regularisation import Regularisation
from ..spectrum import Answer
from .context import Context, Rows, Split, Values, probe
from .heads import METER, Answers, Task, one_thread_an_operation, tasks_of
from .linear import POSE, composed
from .stack import Stack, through
from .standardise import BLOCK

Codes = NDArray[np.int64]
EVERY = 4  # epochs between two looks at the tuning objects, which cost about as much as one
LEAST = 1e-3  # a loss that is smaller by a smaller share of what it was at first has not fallen
AVERAGED = 0.97  # what a step keeps of the running average of weights, whose loss is steadier than that of one step


@probe("heads with patience")
def heads(context: Context) -> Values:
    """The metrics of every question whose heads have patience and which the dataset can answer."""
    values: Values = {part: {} for part in context.parts}
    tasks = tasks_of(context, patient=True)
    jobs = [
        _Job(context, piece, context.protocol.heads[task.name], part, len(task.pieces or (task,)))
        for task in tasks
        for part in context.parts
        for piece in task.pieces or (task,)
    ]
    workers = cores() if context.device.type == "cpu" else 1
    with one_thread_an_operation(), ThreadPoolExecutor(workers) as pool:
        answered = iter(list(pool.map(_Job.answers, jobs)))
    for task in tasks:
        for part in context.parts:
            pieces = []
            for piece in task.pieces or (task,):
                answers, context.regularisation.setdefault(part, {})[piece.name] = next(answered)
                pieces.append(answers)
            outputs = np.concatenate([one.outputs for one in pieces], axis=2)
            values[part] |= task.measure(replace(pieces[0], outputs=outputs))
    return values


@dataclass
class Best:
    """Heads as they were when each one's loss was smallest, by combination of rate and decay, and seed.

    parameters : as in `Stack`; loss : (C, S) float64; epoch : (C, S), when that was; stopped : (C, S)
    """

    parameters: list[Tensor]
    loss: Tensor
    epoch: Tensor
    stopped: Tensor

    @staticmethod
    def at_first(parameters: Sequence[Tensor], loss: Tensor) -> "Best":
        """Before any training."""
        zeros = torch.zeros(loss.shape, dtype=torch.int64)
        return Best([one.clone() for one in parameters], loss, zeros, zeros.bool())

    def of(self, combination: int) -> "Best":
        """Those of one combination."""
        one = slice(combination, combination + 1)
        return Best([p[one] for p in self.parameters], self.loss[one], self.epoch[one], self.stopped[one])

    def look(self, parameters: Sequence[Tensor], loss: Tensor, epoch: int, least: Tensor, patience: int) -> None:
        """Keep what is better at an epoch by more than `least` (C, S), of the heads that have not stopped yet."""
        better = (loss < self.loss - least) & ~self.stopped
        self.loss, self.epoch = torch.where(better, loss, self.loss), torch.where(better, epoch, self.epoch)
        for kept, now in zip(self.parameters, parameters, strict=True):
            kept[better] = now[better]
        self.stopped |= epoch - self.epoch >= patience


@dataclass(frozen=True)
class _Job:
    """The heads of one task on one part. pieces : in how many the question is asked, this one included"""

    context: Context
    task: Task
    settings: Head
    part: str
    pieces: int

    def answers(self) -> tuple[Answers, Regularisation]:
        """What the heads answer on val, one of each seed, and the decay that the first seed's did best with."""
        first, *others = self.context.seeds
        tried = self.trained(self.settings, [first])
        best = int(tried.loss[:, 0].argmin())
        lr, decay = self.settings.grid[best]
        kept = [tried.of(best)]
        if others:
            kept.append(self.trained(replace(self.settings, lr=(lr,), weight_decay=(decay,)), others))
        heads = [torch.cat(both, dim=1) for both in zip(*(one.parameters for one in kept), strict=True)]
        rows, objects = self.context.val.asked(self.task.views, self.context.protocol.val_views == "all")
        seeds = len(self.context.seeds)
        shown = (inputs.expand(seeds, -1, -1) for inputs in self.asked(self.context.val, rows))
        blocks = [through(heads, inputs)[0].double().cpu().numpy() for inputs in shown]
        epochs, settled = max(int(one.epoch.max()) for one in kept), all(bool(one.stopped.all()) for one in kept)
        chosen = Regularisation.of(self.settings.weight_decay, decay, epochs, settled)
        outputs = np.concatenate(blocks, axis=1)
        base = self.base(self.context.val, rows[None])
        outputs = outputs if base is None else outputs + base
        return Answers(outputs, rows, objects, self.part, self.context.seeds), chosen

    def trained(self, settings: Head, seeds: Sequence[int]) -> Best:
        """Heads of every rate, decay and seed, each until its loss on the tuning objects has stopped falling."""
        columns = self.context.parts[self.part]
        widths = (self.task.views * (columns.stop - columns.start), *settings.hidden, self.task.outputs)
        stack = Stack(widths, settings, tuple(seeds), self.context.device)
        constant = self.task.constant if self.source is None else np.zeros(self.task.outputs)
        stack.begin_at(torch.from_numpy(constant).to(self.context.device))
        average = [one.detach().clone() for one in stack.parameters]
        best = Best.at_first(average, self.loss(average))
        least, patience = LEAST * best.loss, settings.patience or settings.epochs
        orders, epoch = [np.random.default_rng(seed) for seed in seeds], 0
        while epoch < settings.epochs and not best.stopped.all():
            for _ in range(min(EVERY, settings.epochs - epoch)):
                self.learn(stack, average, np.stack([o.permutation(self.context.learners) for o in orders]), epoch)
                epoch += 1
            best.look(average, self.loss(average), epoch, least, patience)
        with METER:
            self.context.meter.advance(settings.epochs * best.loss.numel() // self.pieces)
        return best

    def learn(self, stack: Stack, average: Sequence[Tensor], objects: Codes, epoch: int) -> None:
        """One epoch: a pair of each object, in an order of each seed: objects (S, n)."""
        train, batch = self.context.train, self.settings.batch
        batches = np.array_split(objects, -(-objects.shape[1] // batch), axis=1)  # nearly equal: no tiny last batch
        together = max(1, BLOCK // (batch * len(objects) * self.task.views))  # whose features are read at once
        for start in range(0, len(batches), together):
            some = batches[start : start + together]
            rows = train.pair_rows(np.concatenate(some, axis=1), epoch % train.pairs.shape[1])[..., : self.task.views]
            sizes = [one.shape[1] for one in some]
            inputs, targets = (
                torch.split(self.inputs(train, rows), sizes, 1),
                torch.split(self.targets(train, rows), sizes, 1),
            )
            for shown, wanted in zip(inputs, targets, strict=True):
                stack.step(shown, wanted, self.task.loss, 0.0)
                with torch.no_grad():
                    for mean, now in zip(average, stack.parameters, strict=True):
                        mean.lerp_(now, 1 - AVERAGED)

    def loss(self, parameters: Sequence[Tensor]) -> Tensor:
        """The mean loss of each head (C, S) on the tuning objects' pairs; infinite without any: constants stay."""
        train = self.context.train
        rows = train.pairs_of(self.context.tuners, self.context.protocol.val_pairs)[0][:, : self.task.views]
        total = torch.zeros(parameters[0].shape[:2], dtype=torch.float64)
        with torch.no_grad():
            for block, inputs in zip(self.blocks(rows), self.asked(train, rows), strict=True):
                outputs = through(parameters, inputs.expand(total.shape[1], -1, -1))
                total += self.task.loss(outputs, self.targets(train, block[None])).double().cpu() * len(block)
        return total / len(rows) if len(rows) else torch.full_like(total, torch.inf)

    def asked(self, split: Split, rows: Rows) -> Iterator[Tensor]:
        """What heads see of rows (k, views), block by block: (1, b, views * width of the part)."""
        return (self.inputs(split, block[None]) for block in self.blocks(rows))

    def blocks(self, rows: Rows) -> list[Rows]:
        """Rows (k, views) in pieces that fit into memory."""
        step = max(1, BLOCK // self.task.views)
        return [rows[start : start + step] for start in range(0, len(rows), step)]

    def inputs(self, split: Split, rows: Rows) -> Tensor:
        """Rows (S, n, views) -> (S, n, views * width of the part)."""
        features = self.context.standardiser(split.features[rows], self.context.parts[self.part])
        return torch.from_numpy(features).to(self.context.device).flatten(2)

    def targets(self, split: Split, rows: Rows) -> Tensor:
        """What outputs for rows (S, n, views) are compared with: (S, n, ...), what linear probes leave to be found."""
        target, base = self.task.target(split, rows), self.base(split, rows)
        return torch.from_numpy(target if base is None else (target - base).astype(np.float32)).to(self.context.device)

    @property
    def source(self) -> Answer | None:
        """The linear answer to single views that outputs are added to."""
        name = POSE if self.task.name == "rotation" else self.task.name
        return self.context.solved.get(self.part, {}).get(name)

    def base(self, split: Split, rows: Rows) -> NDArray[np.float64] | None:
        """What linear answers to each view say of rows (S, n, views): (S, n, outputs); None where there are none."""
        if self.source is None:
            return None
        views = []
        for view in rows.reshape(-1, self.task.views).T:
            features = self.context.standardiser(split.features[view], self.context.parts[self.part])
            views.append(self.source(torch.from_numpy(features).to(self.context.device).double()).cpu().numpy())
        return composed(self.context, self.task.name, views).reshape(*rows.shape[:-1], -1)
