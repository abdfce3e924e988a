"""Correspondences of two views: the pixels that show the same points, and the pixels that descriptors of maps match."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from torch import Tensor
from torch.nn import functional

from ...data.rows import spread
from ...metrics.geometry.correspondence import NEAR, PIXELS
from ...statistics.retrieval import unit

Array = NDArray[np.float64]
GRID = 128  # pixels along a side, at most; those of larger pictures are thinned
QUERIES = 100  # points of a pair, at most
LEAST = 10  # pixels of one view whose points the other view shows too; a pair with fewer is left out
SEEN = max(NEAR) / 100  # of the diagonal; a point is seen in a view if a pixel shows a point within this distance


@dataclass(frozen=True)
class Surface:
    """The pixels of a view that show the object.

    points : (m, 3), in the object's own frame, whose bounding box has the diagonal 1
    positions : (m, 2), centres of the pixels in the picture, right and down, from -1 to 1
    """

    points: Array
    positions: Array

    @staticmethod
    def of(points: NDArray[np.float32]) -> "Surface":
        """Return the pixels with a point: points (H, H, 3), NaN off the object."""
        side = len(points)
        step = -(-side // GRID)
        lines = np.arange(step // 2, side, step)
        thinned = points[np.ix_(lines, lines)]
        rows, columns = np.nonzero(np.isfinite(thinned[..., 0]))
        positions = (2 * np.stack([lines[columns], lines[rows]], axis=1) + 1) / side - 1
        return Surface(thinned[rows, columns].astype(np.float64), positions)


@dataclass(frozen=True)
class Pair:
    """Points of a first view that a second view shows too.

    queries : (q,) pixels of the first view
    right : (criteria, q, m) True where a pixel of the second view is near enough: each of NEAR, then each of PIXELS
    """

    queries: NDArray[np.int64]
    right: NDArray[np.bool_]

    @staticmethod
    def of(first: Surface, second: Surface) -> "Pair | None":
        """Compare two views; None if fewer than LEAST pixels of the first are seen in the second."""
        if not len(second.points):
            return None
        distance, nearest = cKDTree(second.points).query(first.points)
        seen = np.flatnonzero(distance <= SEEN)
        if len(seen) < LEAST:
            return None
        queries = seen[spread(len(seen), QUERIES)]
        in_space = _distances(first.points[queries], second.points)
        targets = second.positions[np.asarray(nearest)[queries]]
        in_picture = _distances(targets, second.positions) / 2
        near = [in_space <= percent / 100 for percent in NEAR]
        return Pair(queries, np.stack([*near, *(in_picture <= percent / 100 for percent in PIXELS)]))

    @property
    def floor(self) -> Array:
        """Share of right matches if every point is matched with a pixel at random: (criteria,)."""
        mean: Array = self.right.mean((1, 2))
        return mean

    @property
    def ceiling(self) -> Array:
        """Share of points with at least one pixel that is near enough: (criteria,)."""
        share: Array = self.right.any(2).mean(1)
        return share

    def recall(self, descriptors: Tensor, others: Tensor, tie: float) -> Array:
        """Return the share of right matches by cosine, (criteria,); of equal cosines, the mean over all orders.

        descriptors : (q, C) of the queries, of unit length; others : (m, C) of the second view's pixels
        tie : difference of cosines that counts as none
        """
        cosines = descriptors @ others.T
        tied = (cosines >= cosines.amax(1, keepdim=True) - tie).cpu().numpy()
        shares: Array = ((self.right & tied).sum(2) / tied.sum(1)).mean(1)
        return shares


def descriptors(image_map: Tensor, positions: Array) -> Tensor:
    """Return descriptors of unit length at positions of a picture, bilinear: (C, h, w), (m, 2) -> (m, C).

    Beyond the centres of the map's outermost cells, its values continue.
    """
    grid = torch.from_numpy(positions).to(image_map)[None, None]
    values = functional.grid_sample(image_map[None], grid, padding_mode="border", align_corners=False)
    return unit(values[0, :, 0].T)


def _distances(first: Array, second: Array) -> Array:
    """Return the distance of every row to every other: (n, d), (m, d) -> (n, m)."""
    return torch.cdist(torch.from_numpy(first), torch.from_numpy(second)).numpy()
