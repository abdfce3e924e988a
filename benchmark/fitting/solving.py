"""Ridge regressions of views or pairs, solved to their optimum; the tuning objects select the penalties."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from iebench.manifests.common.machine import cores

from ..data.rows import rows_of
from ..distributed.device import one_thread_an_operation
from ..statistics.bootstrap import Estimate
from ..statistics.regularisation import Regularisation
from ..statistics.spectrum import LinearFit, Ridge, Spectrum
from .context import Context, Split, Values
from .heads import METER
from .standardise import block_rows

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
Result = tuple[dict[str, Estimate], dict[str, Regularisation]]
"""Metric -> value; prefix of a probe's metrics -> selected penalty."""
Targets = Mapping[str, Callable[[Split, Codes], Array]]
"""Targets by name: (split, rows) -> (n, c)."""


def by_part(context: Context, kinds: Sequence[Callable[[str], Callable[[], Result]]]) -> Values:
    """Run probes of these kinds on each part.

    kinds : functions that solve a part's regressions, in parallel on a CPU, and return the function that measures them
    """
    values: Values = {part: {} for part in context.parts}
    jobs = [(kind, part) for part in context.parts for kind in kinds]
    workers = cores() if context.device.type == "cpu" else 1

    def solved(job: tuple[Callable[[str], Callable[[], Result]], str]) -> Callable[[], Result]:
        measure = job[0](job[1])
        with METER:
            context.meter.advance()
        return measure

    with one_thread_an_operation(), ThreadPoolExecutor(workers) as pool:
        for (_, part), measure in zip(jobs, pool.map(solved, jobs), strict=True):
            measured, chosen = measure()
            values[part] |= measured
            context.regularisation.setdefault(part, {}).update(chosen)
    return values


@dataclass(frozen=True)
class Views:
    """Views of a split, or pairs of them, in a part of the representation.

    rows : (n,) or (n, 2)
    lifted : maps features (b, D), or (b, 2 D) of pairs, to a regression's inputs; None for the identity
    """

    context: Context
    part: str
    split: Split
    rows: Codes
    lifted: Callable[[Tensor], Tensor] | None = None

    def blocks(self) -> Iterator[Tensor]:
        """Yield the inputs of a regression, from standardised features: (b, p) float64 on the device, in blocks."""
        columns = self.context.parts[self.part]
        step = block_rows(2 * (columns.stop - columns.start))
        for start in range(0, len(self.rows), step):
            features = self.context.standardiser(self.split.features[self.rows[start : start + step]], columns)
            block = torch.from_numpy(features).to(self.context.device).double().flatten(1)
            yield block if self.lifted is None else self.lifted(block)

    @property
    def objects(self) -> Codes:
        """Object of each row: (n,)."""
        first: Codes = self.rows if self.rows.ndim == 1 else self.rows[:, 0]
        return first // self.split.views

    def predictions(self, fit: LinearFit) -> Array:
        """Return the predictions of a regression for these views: (n, c)."""
        blocks = [fit(block).cpu().numpy() for block in self.blocks()]
        return np.concatenate(blocks) if blocks else np.empty((0, len(fit.intercept)))

    def all_predictions(self, fits: Mapping[str, LinearFit]) -> dict[str, Array]:
        """Return the predictions of regressions on the same inputs, by name, (n, c) each, in one pass."""
        if not fits:
            return {}
        each = list(fits.values())
        together = LinearFit(
            each[0].mean, torch.cat([a.weights for a in each], 1), torch.cat([a.intercept for a in each])
        )
        ends = np.cumsum([len(a.intercept) for a in each])
        return dict(zip(fits, np.split(self.predictions(together), ends[:-1], axis=1), strict=True))


@dataclass(frozen=True)
class Train:
    """Views for the first fit, views that select the penalty, and both together for the final fit."""

    training: Views
    tuning: Views
    every: Views

    @staticmethod
    def of(context: Context, part: str, most: int, lifted: Callable[[Tensor], Tensor] | None = None) -> "Train":
        """Select views of train objects; at most `most` for each of the two fits."""
        every = np.sort(np.concatenate([context.training_objects, context.tuning_objects]))
        kinds = (context.training_objects, most), (context.tuning_objects, len(context.train.labels)), (every, most)
        return Train(*(Views(context, part, context.train, thinned(context.train, *k), lifted) for k in kinds))


@dataclass(frozen=True)
class Solved:
    """A solved regression.

    before : fitted on the training objects; final : fitted on all train objects; chosen : the penalty of both
    """

    before: LinearFit
    final: LinearFit
    chosen: Regularisation


def solve(
    train: Train, targets: Targets, penalties: Sequence[float], final: Targets | None = None,
    losses: Mapping[str, Callable[[Array], Array]] | None = None,
) -> dict[str, Solved]:  # fmt: skip
    """Solve regressions of several targets on the same inputs, each with the best penalty on the tuning objects.

    penalties : finite penalties; an infinite one is added
    final : targets of the final fit, if different
    losses : errors (n,) of predictions (n, c) on the tuning objects' rows, by name; default: squared errors
    """
    if not targets:
        return {}
    widths = [of(train.every.split, train.every.rows[:1]).shape[1] for of in targets.values()]
    ends = np.cumsum(widths)
    columns = {name: slice(end - width, end) for name, end, width in zip(targets, ends, widths, strict=True)}
    grid = [math.inf, *penalties]
    before, last = _ridge(train.training, targets), _ridge(train.every, final or targets)
    tuning = train.tuning
    squares = before.errors(grid, tuning.blocks, _target_columns(tuning, targets), list(columns.values())).cpu().numpy()
    solutions = {}
    for (name, own), errors in zip(columns.items(), squares, strict=True):
        of = (losses or {}).get(name)
        tuning_errors = [] if of is None else [of(tuning.predictions(before.solve(p).of(own))) for p in grid]
        best = grid[chosen(np.stack(tuning_errors, axis=1) if tuning_errors else errors, tuning.objects)]
        solutions[name] = Solved(before.solve(best).of(own), last.solve(best).of(own), Regularisation.of(grid, best))
    return solutions


def chosen(errors: Array, objects: Codes) -> int:
    """Return the index of the penalty with the smallest mean error, or 0, the constant prediction, if it is as good.

    The constant prediction is kept unless its error is larger, in the mean over objects, by one standard error of the
    difference.

    errors : (n, penalties) of rows of objects (n,); of equal errors the first is taken
    """
    if not len(errors):
        return 0
    best = int(errors.mean(0).argmin())
    _, numbers, counts = np.unique(objects, return_inverse=True, return_counts=True)
    gains = np.bincount(numbers, errors[:, 0] - errors[:, best]) / counts
    noise = gains.std(ddof=1) / np.sqrt(len(gains)) if len(gains) > 1 else 0.0
    return best if gains.mean() > noise else 0


def _ridge(views: Views, targets: Targets) -> Ridge:
    return Ridge.of(Spectrum.of(views.blocks), views.blocks, _target_columns(views, targets))


def _target_columns(views: Views, targets: Targets) -> Tensor:
    numbers = np.concatenate([of(views.split, views.rows) for of in targets.values()], axis=1)
    return torch.from_numpy(numbers).to(views.context.device)


def most_views(context: Context, part: str) -> int:
    """Largest number of views for a decomposition: all, or `side` if the features have more columns than that."""
    settings, columns = context.protocol.linear, context.parts[part]
    wide = settings is not None and columns.stop - columns.start > settings.side
    return settings.side if wide and settings is not None else len(context.train.labels)


def thinned(split: Split, objects: Codes, most: int) -> Codes:
    """Return at most `most` rows of some objects: equally many first views of each, or one view of fewer objects."""
    count = min(most, len(objects))
    chosen = objects[np.arange(count) * len(objects) // max(1, count)]
    return rows_of(chosen, split.views, min(split.views, most // max(1, count)))
