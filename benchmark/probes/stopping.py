"""Heads that train until they have converged: until their loss on the tuning objects has stopped falling.

A head starts from the constant answer and counts as it was when that loss was smallest, so that it is worse than the
constant by chance alone. Each trains by itself: what it answers depends on no other head's length.
"""

import copy
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from iebench.manifests.common.machine import cores

from ..protocol import Head
from ..regularisation import Regularisation
from .context import Context, Rows, Split, Values, probe
from .heads import METER, Answers, Task, one_thread_an_operation, tasks_of
from .stack import initial
from .standardise import BLOCK

Codes = NDArray[np.int64]
EVERY = 2  # epochs between two looks at the tuning objects, which cost about as much as one
AVERAGED = 0.97  # what a step keeps of the running average of weights, whose loss is steadier than that of one step


@probe("heads with patience")
def heads(context: Context) -> Values:
    """The metrics of every question whose heads have patience and which the dataset can answer."""
    values: Values = {part: {} for part in context.parts}
    tasks = tasks_of(context, patient=True)
    jobs = [
        _Job(context, piece, context.protocol.heads[task.name], part)
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


@dataclass(frozen=True)
class Trained:
    """A head at its best. loss : on the tuning objects; epoch : when; settled : whether it had stopped falling"""

    module: nn.Module
    loss: float
    epoch: int
    settled: bool


@dataclass(frozen=True)
class _Job:
    """The heads of one task on one part."""

    context: Context
    task: Task
    settings: Head
    part: str

    def answers(self) -> tuple[Answers, Regularisation]:
        """What the heads answer on val, one of each seed, and the decay that the first seed's did best with."""
        first, *others = self.context.seeds
        tried = {pair: self.train(*pair, first) for pair in self.settings.grid}
        best = min(tried, key=lambda pair: tried[pair].loss)
        trained = [tried[best], *(self.train(*best, seed) for seed in others)]
        rows, objects = self.context.val.asked(self.task.views, self.context.protocol.val_views == "all")
        with torch.no_grad():
            shown = (self.inputs(self.context.val, block) for block in self._blocks(rows))
            blocks = [torch.stack([one.module(inputs) for one in trained]).double().cpu().numpy() for inputs in shown]
        chosen = Regularisation.of(
            self.settings.weight_decay, best[1], max(one.epoch for one in trained), all(one.settled for one in trained)
        )
        return Answers(np.concatenate(blocks, axis=1), rows, objects), chosen

    def train(self, lr: float, decay: float, seed: int) -> Trained:
        """A head of one seed, until its loss on the tuning objects has not fallen for as long as it has patience."""
        most, patience = self.settings.epochs, self.settings.patience or self.settings.epochs
        module = self.start(seed)
        average = AveragedModel(module, multi_avg_fn=get_ema_multi_avg_fn(AVERAGED))
        optimiser = torch.optim.AdamW(module.parameters(), lr=lr, weight_decay=decay, fused=True)
        best = Trained(copy.deepcopy(module), self.loss(module), 0, False)
        order, epoch = np.random.default_rng(seed), 0
        while epoch < most and epoch - best.epoch < patience:
            for _ in range(min(EVERY, most - epoch)):
                self.learn(module, average, optimiser, order.permutation(self.context.learners), epoch)
                epoch += 1
            loss = self.loss(average)
            if loss < best.loss:
                best = Trained(copy.deepcopy(average.module), loss, epoch, False)
        with METER:
            self.context.meter.advance(most)
        return replace(best, settled=epoch - best.epoch >= patience)

    def start(self, seed: int) -> nn.Sequential:
        """A head that answers what is best for all, whatever it sees; behind that PyTorch's default weights."""
        columns = self.context.parts[self.part]
        widths = (self.task.views * (columns.stop - columns.start), *self.settings.hidden, self.task.outputs)
        layers: list[nn.Module] = []
        for weight, bias in initial(widths, seed):
            linear = nn.utils.skip_init(nn.Linear, *weight.shape)
            linear.weight.data, linear.bias.data = weight.T.contiguous(), bias[0].contiguous()
            layers += [linear, nn.ReLU()]
        last = cast(nn.Linear, layers[-2])
        last.weight.data.zero_()
        last.bias.data = torch.from_numpy(self.task.constant).float()
        return nn.Sequential(*layers[:-1]).to(self.context.device)

    def learn(
        self, module: nn.Module, average: AveragedModel, optimiser: torch.optim.Optimizer, objects: Codes, epoch: int
    ) -> None:
        """One epoch: a pair of each object, in this order."""
        train = self.context.train
        for chosen in np.array_split(
            objects, -(-len(objects) // self.settings.batch)
        ):  # nearly equal: no tiny last batch
            rows = train.pair_rows(chosen, epoch % train.pairs.shape[1])[:, : self.task.views]
            optimiser.zero_grad()
            self._loss(module, train, rows).backward()
            optimiser.step()
            average.update_parameters(module)

    def loss(self, module: nn.Module) -> float:
        """The mean loss on the tuning objects' pairs; infinite without any, so that the constant answer stays."""
        rows = self.context.train.pairs_of(self.context.tuners, self.context.protocol.val_pairs)[0][
            :, : self.task.views
        ]
        with torch.no_grad():
            sums = [float(self._loss(module, self.context.train, block)) * len(block) for block in self._blocks(rows)]
        return sum(sums) / len(rows) if len(rows) else math.inf

    def _loss(self, module: nn.Module, split: Split, rows: Rows) -> Tensor:
        target = torch.from_numpy(self.task.target(split, rows)).to(self.context.device)
        return self.task.loss(module(self.inputs(split, rows))[None, None], target[None])[0, 0]

    def inputs(self, split: Split, rows: Rows) -> Tensor:
        """What heads see of rows (k, views): (k, views * width of the part)."""
        features = self.context.standardiser(split.features[rows], self.context.parts[self.part])
        return torch.from_numpy(features).to(self.context.device).flatten(1)

    def _blocks(self, rows: Rows) -> list[Rows]:
        step = max(1, BLOCK // self.task.views)
        return [rows[start : start + step] for start in range(0, len(rows), step)]
