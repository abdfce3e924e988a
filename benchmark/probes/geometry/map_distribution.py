"""A distribution over poses from an encoder's last map, which turns with the object by construction.

The map is laid on the half of a sphere that faces the camera, expanded in spherical harmonics, and convolved with
filters to a log-density over poses: Klee et al. (2023), "Image to sphere: learning equivariant features for efficient
pose prediction", without their nonlinearities and their training of the encoder. The problem is thus convex, as for the
pooled vector; see `pose_distribution.py`.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from iebench.baselines.action import ROTATION

from ...data.rows import spread
from ...encoders.prepared import PreparedEncoder
from ...features.cache import to_float
from ...fitting.context import Context, Split, Values, probe
from ...metrics.geometry.pose_distribution import MAP_POSES
from ...poses.convolution import Convolution
from ...poses.harmonics import DEGREE, Basis
from ...poses.space import Space
from ...poses.sphere import projection
from ...statistics.metric_info import WHOLE
from .pose_densities import MEASURED, VIEWS, Sample, Solver, coarse_cells, measured
from .pose_distribution import drawn, range_of
from .self_similarity import no_maps
from .true_poses import TruePoses, staggered

Codes = NDArray[np.int64]

CHANNELS = 64  # most principal directions of the channels
LEARNED = 256  # views of train that the directions are computed from
BATCH = 32  # views
FINEST = 32  # rows and columns of a map; larger ones are averaged


@probe("map_distribution", metrics=MAP_POSES, suite="full")
def map_distribution(context: Context) -> Values:
    """Measure map_pose_log_likelihood, map_pose_entropy, map_pose_mass_15 and map_pose_mass_30 of the last map.

    Views, cells, penalties and the search are those of `pose_distribution`.
    """
    limits = range_of(context) if context.shows(ROTATION) else None
    if limits is None:
        return {}
    encoder, reason = context.encoder, no_maps(context)
    if encoder is None or reason or context.train.camera is None or context.val.camera is None:
        reason = reason or "the camera moves, and the map's place on the sphere with it"
        context.notes.append(f"no distribution over poses is fitted to maps: {reason}")
        return {}
    space = Space(limits)
    basis = Basis.of(space)
    truth = TruePoses.of(context, space, MEASURED)
    every = staggered(context.train, np.sort(np.concatenate([context.training_objects, context.tuning_objects])), VIEWS)
    sphere = Sphere.of(context, encoder, every[spread(len(every), LEARNED)])
    functions, val_functions = sphere.functions(context.train, every), sphere.functions(context.val, truth.rows)
    mean = functions.mean(0)
    inputs, val_inputs = (Convolution(own - mean, basis) for own in (functions, val_functions))
    cells = coarse_cells(context.train, every, space)
    tuning = torch.from_numpy(np.isin(every // context.train.views, context.tuning_objects))
    training, held_out = (
        Sample(Convolution(inputs.harmonics[chosen.to(inputs.device)], basis), cells[chosen])
        for chosen in (~tuning, tuning)
    )
    solver = Solver(space, basis)
    penalty = solver.penalty(training, held_out if len(held_out.cells) else None)
    predicted, fitted = solver.predictions(penalty, Sample(inputs, cells), val_inputs)
    context.regularisation.setdefault(WHOLE, {})["map_distribution"] = fitted
    context.distributions.extend(drawn(context, truth, space, basis, predicted, "map"))
    return {WHOLE: measured(context, truth, space, basis, predicted, "map_pose")}


@dataclass(frozen=True)
class Sphere:
    """Last maps of an encoder as functions on the sphere, reduced to principal directions of their channels.

    directions : (C, k), of channels whose coefficients have variance 1, in the mean over all harmonics
    """

    context: Context
    encoder: PreparedEncoder
    directions: Tensor

    @staticmethod
    def of(context: Context, encoder: PreparedEncoder, rows: Codes) -> "Sphere":
        """Compute the directions from views of train."""
        plain = Sphere(context, encoder, torch.empty(0))
        coefficients = plain.functions(context.train, rows)[:, 1:].double()
        centred = (coefficients - coefficients.mean(0)).flatten(0, 1)
        scales = centred.square().mean(0).sqrt()
        scaled = centred / torch.where(scales > 0, scales, torch.inf)
        directions = torch.linalg.eigh(scaled.T @ scaled).eigenvectors.flip(1)[:, :CHANNELS]
        return Sphere(context, encoder, (directions / torch.where(scales > 0, scales, torch.inf)[:, None]).float())

    def functions(self, split: Split, rows: Codes) -> Tensor:
        """Return the coefficients of views' harmonics: rows (n,) -> (n, (DEGREE + 1)^2, k) float32."""
        blocks = []
        for start in range(0, len(rows), BATCH):
            if split.pixels is None or split.camera is None:
                break
            images = to_float(split.pixels(rows[start : start + BATCH]), self.context.device)
            (last,) = self.encoder.maps(images)
            height, width = (min(side, FINEST) for side in last.shape[2:])
            last = functional.adaptive_avg_pool2d(last, (height, width))
            matrix = projection(split.camera, height, width, DEGREE).to(last)
            coefficients = torch.einsum("sp,ncp->nsc", matrix, last.flatten(2))
            blocks.append(coefficients @ self.directions if len(self.directions) else coefficients)
        return torch.cat(blocks)
