"""Distributions over poses on cells that are small near the modes: the likeliest cells are divided twice."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .harmonics import Basis
from .space import Space

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

DIVIDED = 32  # cells of each level that are divided


@dataclass(frozen=True)
class Leaves:
    """Distributions of some views over cells of one level, those that are divided further left out.

    cells : (b, m) numbers; poses : (b, m, 4) quaternions at their centres
    heights : (b, m) logarithm of the density over the uniform one; shares : (b, m) probabilities, 0 if left out
    """

    cells: Codes
    poses: Array
    heights: Array
    shares: Array


def refined(chosen: Tensor, basis: Basis, space: Space) -> list[Leaves]:
    """Return the distributions with coefficients (b, r), the coarse cells first; the shares of all levels sum to 1."""
    count, level = len(chosen), space.level
    cells = np.broadcast_to(space.kept, (count, len(space.kept)))
    centres = space.divided.centres(level, space.kept)
    poses, heights = np.broadcast_to(centres, (count, *centres.shape)), chosen @ basis.values.T
    levels: list[tuple[Codes, Array, Tensor, Tensor]] = []
    while True:
        volumes = torch.from_numpy(space.volume(level, cells)).to(heights)
        weights = heights + volumes.log()
        levels.append((cells, poses, heights, weights))
        if level == space.finest:
            break
        likeliest = weights.topk(min(DIVIDED, weights.shape[1]), dim=1).indices
        weights.scatter_(1, likeliest, -torch.inf)
        parents = np.take_along_axis(cells, likeliest.cpu().numpy(), axis=1)
        cells = space.divided.parts(level, parents.ravel()).reshape(count, -1)
        level += 1
        poses = space.divided.centres(level, cells.ravel()).reshape(count, -1, 4)
        values = basis(poses.reshape(-1, 4)).to(chosen).view(count, -1, chosen.shape[1])
        heights = torch.einsum("br,bmr->bm", chosen, values)
    total = torch.cat([weights for *_, weights in levels], dim=1).double().logsumexp(1, keepdim=True)
    return [
        Leaves(cells, poses, (heights - total).cpu().numpy(), (weights - total).exp().cpu().numpy())
        for cells, poses, heights, weights in levels
    ]


def log_likelihood(levels: list[Leaves], space: Space, truth: Codes) -> Array:
    """Return the log-density over the uniform one in the cells of true poses: (b,) nats.

    truth : (b,) finest cells
    """
    numbers = [truth]
    for level in range(space.finest, space.level, -1):
        numbers.append(space.above(level, numbers[-1]))
    values = np.empty(len(truth))
    for leaves, cells in zip(levels, reversed(numbers), strict=True):
        match = leaves.cells == cells[:, None]
        values[match.any(1)] = leaves.heights[match]
    return values


def entropy(levels: list[Leaves]) -> Array:
    """Return the entropies over the uniform distribution: (b,) nats, 0 for the uniform one, negative for others."""
    own = [-(leaves.shares * np.where(leaves.shares > 0, leaves.heights, 0)).sum(1) for leaves in levels]
    total: Array = np.sum(own, axis=0)
    return total
