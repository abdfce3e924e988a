"""Linear probes of single views, solved to their optimum: nothing of them depends on steps, seeds or orders.

Ridge regression finds the pose and every factor of a view, logistic regression its class. The tuning objects choose
each penalty; all train objects then give the weights. Pairs of views are answered from the answers to their two views.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from iebench.baselines.action import ROTATION
from iebench.manifests.common.machine import cores

from ..bootstrap import Measured
from ..logistic import Logistic, Optimum
from ..metrics import top_k
from ..protocol import Linear
from ..regularisation import Regularisation
from ..rows import rows_of
from ..spectrum import Answer, Ridge, Spectrum
from . import changes, classification, rotation
from .context import Context, Split, Values, probe
from .heads import Answers, Task, one_thread_an_operation

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
POSE = "pose"
NUMBERS = 2**24  # of features, as float64, that are held at once
PATIENCE = 2  # weaker penalties that are tried after one that errs least

Found = tuple[dict[str, Measured], dict[str, Regularisation]]
"""Metric -> what was measured; what begins the names of a probe's metrics -> what was chosen for it."""


@probe("linear")
def linear(context: Context) -> Values:
    """The class, the pose and the factors of single views; the rotation and the changes between two, composed."""
    settings = context.protocol.linear
    if settings is None:
        return {}
    values: Values = {part: {} for part in context.parts}
    jobs = [(kind, part) for part in context.parts for kind in (_classify, _regress)]
    workers = cores() if context.device.type == "cpu" else 1
    with one_thread_an_operation(), ThreadPoolExecutor(workers) as pool:
        found = pool.map(lambda job: job[0](context, settings, job[1]), jobs)
        for (_, part), (measured, chosen) in zip(jobs, found, strict=True):
            values[part] |= measured
            context.regularisation.setdefault(part, {}).update(chosen)
    return values


@dataclass(frozen=True)
class Views:
    """Some views of a split, as a part of the representation has them. rows : (n,)"""

    context: Context
    part: str
    split: Split
    rows: Codes

    def blocks(self) -> Iterator[Tensor]:
        """Their features, standardised: (b, D) float64 on the device, block by block."""
        columns = self.context.parts[self.part]
        step = max(1, NUMBERS // (columns.stop - columns.start))
        for start in range(0, len(self.rows), step):
            block = self.split.features[self.rows[start : start + step]]
            yield torch.from_numpy(self.context.standardiser(block, columns)).to(self.context.device).double()

    def answers(self, answer: Answer) -> Array:
        """What a regression answers for them: (n, c)."""
        return np.concatenate([answer(block).cpu().numpy() for block in self.blocks()])


def _train(context: Context, settings: Linear, part: str, most: int) -> tuple[Views, Views, Views]:
    """The views that weights are learnt from at first, that choose the penalty, and that give the final weights."""
    if _width(context, part) > settings.side:
        most = min(most, settings.side)
    every = np.sort(np.concatenate([context.learners, context.tuners]))
    first, last = (
        Views(context, part, context.train, thinned(context.train, o, most)) for o in (context.learners, every)
    )
    return first, Views(context, part, context.train, rows_of(context.tuners, context.train.views)), last


def _width(context: Context, part: str) -> int:
    columns = context.parts[part]
    return int(columns.stop) - int(columns.start)


def thinned(split: Split, objects: Codes, most: int) -> Codes:
    """At most so many rows of some objects: the same number of first views of each, or one view of fewer objects."""
    count = min(most, len(objects))
    kept = objects[np.arange(count) * len(objects) // max(1, count)]
    return rows_of(kept, split.views, min(split.views, most // max(1, count)))


def _regress(context: Context, settings: Linear, part: str) -> Found:
    """Ridge regression of everything that single views have, and what follows from it for pairs."""
    learners, tuners, every = _train(context, settings, part, len(context.train.labels))
    targets = _targets(context)
    if not targets:
        return {}, {}
    ends = np.cumsum([of(context.train, every.rows[:1]).shape[1] for of in targets.values()])
    columns = {name: slice(start, end) for name, start, end in zip(targets, [0, *ends[:-1]], ends, strict=True)}

    def wanted(views: Views) -> Tensor:
        numbers = np.concatenate([of(views.split, views.rows) for of in targets.values()], axis=1)
        return torch.from_numpy(numbers).to(context.device)

    grid = [math.inf, *settings.ridge]
    before = Ridge.of(Spectrum.of(learners.blocks), learners.blocks, wanted(learners))
    errors = before.errors(grid, tuners.blocks, wanted(tuners)) if len(tuners.rows) else None
    final = Ridge.of(Spectrum.of(every.blocks), every.blocks, wanted(every))
    val = Views(context, part, context.val, np.arange(len(context.val.labels)))
    chosen: dict[str, Regularisation] = {}
    answers: dict[str, Array] = {}
    for name, own in columns.items():
        best = grid[len(grid) // 2] if errors is None else grid[int(errors[:, own].sum(1).argmin())]
        answers[name] = val.answers(final.solve(best).of(own))
        context.solved.setdefault(part, {})[name] = before.solve(best).of(own)
        chosen["pose_linear" if name == POSE else f"{name}_composed"] = Regularisation.of(grid, best)
    return _measured(context, part, answers), chosen


def _targets(context: Context) -> dict[str, Callable[[Split, Codes], Array]]:
    """What a view is asked for, by name: (split, rows (n,)) -> (n, c)."""
    found: dict[str, Callable[[Split, Codes], Array]] = {}
    if context.shows(ROTATION):
        found[POSE] = lambda split, rows: rotation.matrices(split, rows[:, None])
    for name in changes.present(context):
        found[name] = partial(_factor, context, name)
    return found


def _factor(context: Context, name: str, split: Split, rows: Codes) -> Array:
    return changes.single(context, split, rows, name)


def composed(context: Context, name: str, views: Sequence[Array]) -> Array:
    """What answers to one view or two, (k, c) each, say of a question about them: (k, c').

    name : "pose", "rotation" or a factor's
    """
    if name == POSE:
        return views[0]
    if name == "rotation":
        first, second = (view.reshape(-1, 3, 3) for view in views)
        product: Array = np.einsum("nki,nkj->nij", first, second).reshape(-1, 9)
        return product
    return changes.composed(context, name, *views)


def _measured(context: Context, part: str, answers: dict[str, Array]) -> dict[str, Measured]:
    """What answers to all val views (n, c) are worth, for single views and for pairs."""
    values: dict[str, Measured] = {}
    factors = [name for name in answers if name in changes.FACTORS and changes.task(context, name, [name]) is not None]
    asked: list[tuple[Task | None, list[str], str]] = [
        (changes.task(context, "changes", factors, suffix="_composed"), factors, ""),
    ]
    if POSE in answers:
        asked.append((rotation.task(context, "pose_linear", 1), [POSE], POSE))
        asked.append((rotation.task(context, "rotation_composed", 2), ["rotation"], POSE))
    for task, names, source in asked:
        if task is not None:
            rows, objects = context.val.asked(task.views, context.protocol.val_views == "all")
            found = [composed(context, n, [answers[source or n][view] for view in rows.T]) for n in names]
            outputs = np.concatenate(found, axis=1)[None]
            values |= task.measure(Answers(outputs, rows, objects, part, (None,)))
    return values


def _classify(context: Context, settings: Linear, part: str) -> Found:
    """Multinomial logistic regression of the class."""
    learners, tuners, every = _train(context, settings, part, settings.numbers // _width(context, part))
    classes = np.unique(context.train.labels)

    first, last = (_regression(some, classes) for some in (learners, every))
    best, near = _chosen(first, tuners, classes, settings)
    found = last.constant() if math.isinf(best) else next(last.path([best], settings.gradient, near.answer))
    rows, objects = context.val.asked(1, context.protocol.val_views == "all")
    logits = Views(context, part, context.val, rows[:, 0]).answers(found.answer)
    question = classification.classification(context)
    assert question is not None  # every dataset has classes
    measured = question.measure(Answers(logits[None], rows, objects, part, (None,)))
    reached = found.gradient <= settings.gradient
    chosen = Regularisation.of([math.inf, *settings.logistic], best, found.iterations, reached)
    return measured, {"classification": chosen}


def _regression(views: Views, classes: Codes) -> Logistic:
    inputs = torch.cat(list(views.blocks()))
    return Logistic(Spectrum.of(lambda: iter([inputs])), inputs, _labels(views, classes), len(classes))


def _labels(views: Views, classes: Codes) -> Tensor:
    return torch.from_numpy(classification.place(classes, views.split.labels[views.rows])).to(views.context.device)


def _chosen(regression: Logistic, tuners: Views, classes: Codes, settings: Linear) -> tuple[float, Optimum]:
    """The penalty whose first answers miss least of the tuning views, the strongest of equals, and what it leads to.

    Only one with a smaller loss than a constant answer counts, so that what is right by chance does not. Penalties are
    tried from the strongest on, until the loss is as large as the constant's, or PATIENCE in a row miss no fewer.
    """
    labels = classification.place(classes, tuners.split.labels[tuners.rows])
    wanted = torch.from_numpy(labels)

    def errors(answer: Answer) -> tuple[float, float]:
        logits = tuners.answers(answer)
        return float(F.cross_entropy(torch.from_numpy(logits), wanted)), 1 - float(top_k(logits, labels, 1).mean())

    best = math.inf, regression.constant()
    if not len(labels):
        return best
    (constant, least), since = errors(best[1].answer), 0
    path = regression.path(settings.logistic, settings.gradient, dtype=torch.float32)
    for penalty, optimum in zip(settings.logistic, path, strict=True):
        loss, missed = errors(optimum.answer)
        since = 0 if missed < least else since + 1
        if loss >= constant or since == PATIENCE:
            break
        if missed < least:
            best, least = (penalty, optimum), missed
    return best
