"""A distribution over poses in place of one pose: a symmetric object has several poses with the same image.

The logarithm of the density is linear in the features and in random Fourier features of them, on an equal-volume grid
over the recipe's range of poses, and fitted by cross-entropy to its optimum. The idea is that of Murphy et al. (2021),
"Implicit-PDF: non-parametric representation of probability distributions on the rotation manifold", with a band limit
as in Klee et al. (2023), "Image to sphere: learning equivariant features for efficient pose prediction".
"""

from collections.abc import Callable
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from iebench.baselines.action import ROTATION
from iebench.manifests.laws import support

from ...data.rows import spread
from ...fitting.context import Context, Values, probe
from ...fitting.solving import Result, Views, by_part
from ...metrics.geometry.pose_distribution import POSES
from ...poses.density import Coordinates
from ...poses.harmonics import Basis
from ...poses.leaves import refined
from ...poses.space import Range, Space
from ...results.score import Distribution
from ...statistics.metric_info import WHOLE
from ...statistics.resamples import pack
from ...statistics.spectrum import Spectrum
from ..kernel import beside, fourier
from .pose_densities import MEASURED, Sample, Solver, coarse_cells, fitted_rows, measured
from .true_poses import TruePoses

UNITS = 512  # random Fourier features
DIRECTIONS = 512  # most principal directions of the inputs
DRAWN, CELLS, COVERED = 10, 160, 0.95  # objects to be shown; most cells of each, and their probability


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
    training, tuning, final = (Views(context, part, context.train, rows, lifted) for rows in fitted_rows(context))
    val = Views(context, part, context.val, truth.rows, lifted)

    def samples(fitted: Views, other: Views) -> list[Sample]:
        inputs = torch.cat(list(fitted.blocks()))
        whole = Spectrum.of(lambda: iter([inputs]))
        leading = Spectrum(whole.mean, whole.axes[:, :DIRECTIONS], whole.variances[:DIRECTIONS])
        return [
            Sample(Coordinates.of(leading, views.blocks, basis), coarse_cells(views.split, views.rows, space))
            for views in (fitted, other) if len(views.rows)
        ]  # fmt: skip

    solver = Solver(space, basis)
    penalty = solver.penalty(*samples(training, tuning))
    last, last_val = samples(final, val)
    predicted, chosen = solver.predictions(penalty, last, last_val.inputs)
    values = measured(context, truth, space, basis, predicted)
    shown = drawn(context, truth, space, basis, predicted) if part == WHOLE else []

    def result() -> Result:
        context.distributions.extend(shown)
        return values, {"pose_distribution": chosen}

    return result


def drawn(
    context: Context, truth: TruePoses, space: Space, basis: Basis, chosen: Tensor,
    source: Literal["representation", "map"] = "representation",
) -> list[Distribution]:  # fmt: skip
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
        shown.append(Distribution(synset, object_id, number, pack(likeliest), pack(own[kept]), pack(alike), source))
    return shown
