"""A distribution over poses in place of one pose: a symmetric object has several poses with the same image.

The logarithm of the density is linear in the features and in random Fourier features of them, on an equal-volume grid
over the recipe's range of poses, and fitted by cross-entropy to its optimum. The idea is that of Murphy et al. (2021),
"Implicit-PDF: non-parametric representation of probability distributions on the rotation manifold", with a band limit
as in Klee et al. (2023), "Image to sphere: learning equivariant features for efficient pose prediction".
"""

import math
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from iebench.baselines.action import ROTATION
from iebench.manifests.laws import support

from ...data.rows import spread
from ...fitting.context import Context, Values, probe
from ...fitting.solving import Result, Views, by_part
from ...metrics.geometry.pose_distribution import NEAR, POSES
from ...poses.density import Fit, Regression
from ...poses.harmonics import Basis
from ...poses.leaves import entropy, log_likelihood, refined
from ...poses.space import Range, Space
from ...results.score import Distribution
from ...statistics.bootstrap import Estimate, Mean
from ...statistics.metric_info import WHOLE
from ...statistics.regularisation import Regularisation
from ...statistics.resamples import pack
from ...statistics.spectrum import Spectrum
from ..kernel import beside, fourier
from .true_poses import TruePoses, staggered

Array = NDArray[np.float64]

VIEWS, MEASURED = 2_048, 512  # views of train that densities are fitted on, and views of val
UNITS = 512  # random Fourier features
DIRECTIONS = 512  # most principal directions of the inputs
PENALTIES = (math.inf, 1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7)
GRADIENT = 3e-3
DRAWN, CELLS, COVERED = 10, 160, 0.95  # objects to be shown; most cells of each, and their probability
BLOCK = 32  # views whose distributions are in memory at once


@probe("pose_distribution", metrics=POSES, suite="full")
def pose_distribution(context: Context) -> Values:
    """Measure pose_log_likelihood, pose_entropy, pose_mass_15 and pose_mass_30 per part.

    The densities are fitted on at most VIEWS views of train, and measured on at most MEASURED of val, or one of each
    object.
    """
    if not context.shows(ROTATION):
        return {}
    limits = range_of(context)
    if limits is None:
        context.notes.append("no distribution over poses is fitted: some poses lie outside the range of the recipe")
        return {}
    space = Space(limits)
    return over(context, space, Basis.of(space))


def over(context: Context, space: Space, basis: Basis) -> Values:
    """Measure distributions over the poses of a space, whose logarithms are sums of the functions of a basis."""
    truth = TruePoses.of(context, space, MEASURED)
    return by_part(context, [lambda part: _solved(context, truth, space, basis, part)])


def range_of(context: Context) -> Range | None:
    """Return the range of the recipe's poses; None if a pose of train or val lies outside."""
    laws = {factor.name: factor.law for group in context.groups for factor in group.factors}
    if not laws.keys() >= set(ROTATION):
        return None
    low, high = np.array([support(laws[name]) for name in ROTATION]).T
    limits = Range(low, high)
    splits = (context.train, context.val)
    inside = all(limits.contains(split.columns(ROTATION, np.arange(len(split.labels)))).all() for split in splits)
    return limits if inside else None


def _solved(context: Context, truth: TruePoses, space: Space, basis: Basis, part: str) -> Callable[[], Result]:
    """Fit the densities of a part, and return the function that measures them on val."""
    columns = context.parts[part]
    lifted = beside(fourier(context, columns.stop - columns.start, UNITS))
    every = np.sort(np.concatenate([context.training_objects, context.tuning_objects]))
    rows = [
        staggered(context.train, objects, VIEWS)
        for objects in (context.training_objects, context.tuning_objects, every)
    ]
    training, tuning, final = (Views(context, part, context.train, own, lifted) for own in rows)
    penalty = chosen_penalty(regression(training, space, basis), tuning, space, basis)
    fit = regression(final, space, basis).optimum(penalty, GRADIENT)
    chosen = Regularisation.of(PENALTIES, penalty, fit.iterations, fit.gradient <= GRADIENT)
    val = Views(context, part, context.val, truth.rows, lifted)
    predicted = coefficients(fit, val)
    values = measured(context, truth, space, basis, predicted)
    shown = drawn(context, truth, space, basis, predicted) if part == WHOLE else []

    def result() -> Result:
        context.distributions.extend(shown)
        return values, {"pose_distribution": chosen}

    return result


def regression(views: Views, space: Space, basis: Basis) -> Regression:
    """Make the regression of some views' poses on the leading principal directions of their inputs."""
    inputs = torch.cat(list(views.blocks()))
    whole = Spectrum.of(lambda: iter([inputs]))
    leading = Spectrum(whole.mean, whole.axes[:, :DIRECTIONS], whole.variances[:DIRECTIONS])
    return Regression(leading, inputs, coarse_cells(views, space), basis, torch.from_numpy(space.volumes))


def coarse_cells(views: Views, space: Space) -> Tensor:
    """Return the places of views' poses among the coarse cells within the range: (n,)."""
    cells = space.holding(views.split.columns(ROTATION, views.rows))
    for level in range(space.finest, space.level, -1):
        cells = space.above(level, cells)
    return torch.from_numpy(np.searchsorted(space.kept, cells))


def coefficients(fit: Fit, views: Views) -> Tensor:
    """Return the coefficients of views' densities: (n, r) float32."""
    return torch.from_numpy(views.predictions(fit.linear)).float()


def chosen_penalty(first: Regression, tuning: Views, space: Space, basis: Basis) -> float:
    """Select the penalty with the smallest cross-entropy on the tuning views.

    Penalties are tried from the strongest on, until the cross-entropy rises.
    """
    best, least = math.inf, math.inf
    if not len(tuning.rows):
        return best
    cells = coarse_cells(tuning, space)
    for penalty, fit in zip(PENALTIES, first.path(PENALTIES, GRADIENT), strict=True):
        loss = float(first.losses(coefficients(fit, tuning), cells)[0].double().mean())
        if loss >= least:
            break
        best, least = penalty, loss
    return best


def measured(context: Context, truth: TruePoses, space: Space, basis: Basis, chosen: Tensor) -> dict[str, Estimate]:
    """Measure distributions of the views of `truth` with coefficients (n, r)."""
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
    near = np.concatenate(masses, axis=1)
    return {
        "pose_log_likelihood": of(np.concatenate(likelihoods), 0.0, truth.log_likelihood),
        "pose_entropy": of(np.concatenate(entropies), 0.0, truth.entropy),
        **{
            f"pose_mass_{degrees}": of(own, floor, known)
            for degrees, own, floor in zip(NEAR, near, truth.uniform_masses(space), strict=True)
        },
    }


def drawn(context: Context, truth: TruePoses, space: Space, basis: Basis, chosen: Tensor) -> list[Distribution]:
    """Return the distributions of one view of some val objects, evenly spread, to be shown."""
    val = context.val
    views = np.array([np.flatnonzero(truth.objects == i)[0] for i in spread(val.objects, DRAWN)])
    levels = refined(chosen[views], basis, space)
    poses = np.concatenate([leaves.poses for leaves in levels], axis=1)
    shares = np.concatenate([leaves.shares for leaves in levels], axis=1)
    shown = []
    for view, own, cells in zip(views, shares, poses, strict=True):
        order = np.argsort(-own, kind="stable")[:CELLS]
        kept = order[: 1 + np.searchsorted(np.cumsum(own[order]), COVERED)]
        synset, object_id = val.identities[truth.objects[view]]
        likeliest, alike = cells[kept].ravel(), truth.lookalikes(view, space).ravel()
        number = int(truth.rows[view] % val.views)
        shown.append(Distribution(synset, object_id, number, pack(likeliest), pack(own[kept]), pack(alike)))
    return shown
