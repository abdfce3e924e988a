"""Densities over poses of the views of a dataset: fitted on views of train, measured on views of val."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from iebench.baselines.action import ROTATION

from ...fitting.context import Context, Split
from ...metrics.geometry.pose_distribution import NEAR
from ...poses.density import Inputs, Regression
from ...poses.harmonics import Basis
from ...poses.leaves import entropy, log_likelihood, refined
from ...poses.space import Space
from ...statistics.bootstrap import Estimate, Mean
from ...statistics.regularisation import Regularisation
from ...statistics.selective import Auroc, Certainty
from .true_poses import TruePoses, staggered

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

VIEWS, MEASURED = 2_048, 512  # views of train that densities are fitted on, and views of val
PENALTIES = (math.inf, 1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7)
GRADIENT = 3e-3
RIGHT = 0.5  # least probability within the widest of NEAR of a right answer
BLOCK = 32  # views whose distributions are in memory at once


def fitted_rows(context: Context) -> list[Codes]:
    """Return rows of train for the first fit, for the selection of the penalty, and for the final fit."""
    every = np.sort(np.concatenate([context.training_objects, context.tuning_objects]))
    groups = context.training_objects, context.tuning_objects, every
    return [staggered(context.train, objects, VIEWS) for objects in groups]


def coarse_cells(split: Split, rows: Codes, space: Space) -> Tensor:
    """Return the places of views' poses among the coarse cells within the range: (n,)."""
    cells = space.holding(split.columns(ROTATION, rows))
    for level in range(space.finest, space.level, -1):
        cells = space.above(level, cells)
    return torch.from_numpy(np.searchsorted(space.kept, cells))


@dataclass(frozen=True)
class Sample:
    """Views with their inputs, and the places (n,) of their poses among the coarse cells."""

    inputs: Inputs
    cells: Tensor


@dataclass(frozen=True)
class Solver:
    """Fits densities over a space."""

    space: Space
    basis: Basis

    def penalty(self, training: Sample, tuning: Sample | None = None) -> float:
        """Select the penalty with the smallest cross-entropy on the tuning views; without any, an infinite one.

        Penalties are tried from the strongest on, until the cross-entropy rises.
        """
        best, least = math.inf, math.inf
        if tuning is None:
            return best
        first = self._regression(training)
        for penalty, fit in zip(PENALTIES, first.path(PENALTIES, GRADIENT), strict=True):
            loss = float(first.losses(fit.coefficients(tuning.inputs), tuning.cells)[0].double().mean())
            if loss >= least:
                break
            best, least = penalty, loss
        return best

    def predictions(self, penalty: float, final: Sample, val: Inputs) -> tuple[Tensor, Regularisation]:
        """Fit densities at a penalty, and return the coefficients of those of val's views: (n, r) float32."""
        fit = self._regression(final).optimum(penalty, GRADIENT)
        return fit.coefficients(val), Regularisation.of(PENALTIES, penalty, fit.iterations, fit.gradient <= GRADIENT)

    def _regression(self, sample: Sample) -> Regression:
        return Regression(sample.inputs, sample.cells, self.basis, torch.from_numpy(self.space.volumes))


def measured(
    context: Context, truth: TruePoses, space: Space, basis: Basis, chosen: Tensor, prefix: str = "pose"
) -> dict[str, Estimate]:
    """Measure distributions of the views of `truth` with coefficients (n, r).

    prefix : of the metrics' names
    """
    likelihoods, entropies, masses = [], [], []
    for start in range(0, len(chosen), BLOCK):
        views = np.arange(start, min(start + BLOCK, len(chosen)))
        levels = refined(chosen[views], basis, space)
        likelihoods.append(log_likelihood(levels, space, truth.cells[views]))
        entropies.append(entropy(levels))
        distances = [truth.distances(views, leaves.poses) for leaves in levels]
        masses.append(
            [sum(((degrees <= near) * leaves.shares).sum(1) for degrees, leaves in zip(distances, levels, strict=True))
             for near in NEAR]
        )  # fmt: skip
    measure, objects = context.bootstrap.measure, truth.objects

    def of(values: Array, floor: float, ceiling: Array | float | None) -> Estimate:
        best = Mean.of(ceiling, objects) if isinstance(ceiling, np.ndarray) else ceiling
        return measure(Mean.of(values, objects), floor, best)

    known = 1.0 if truth.entropy is not None else None
    near, unsure = np.concatenate(masses, axis=1), np.concatenate(entropies)
    wrong = (near[-1] < RIGHT).astype(np.float64)
    mixed = wrong.any() and not wrong.all()
    return {
        f"{prefix}_log_likelihood": of(np.concatenate(likelihoods), 0.0, truth.log_likelihood),
        f"{prefix}_entropy": of(unsure, 0.0, truth.entropy),
        **{
            f"{prefix}_mass_{degrees}": of(own, floor, known)
            for degrees, own, floor in zip(NEAR, near, truth.uniform_masses(space), strict=True)
        },
        **({f"{prefix}_entropy_auroc": measure(Auroc(Certainty(unsure, wrong, objects)), 0.5)} if mixed else {}),
    }
