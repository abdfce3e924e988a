"""The true poses of some views, with the poses that look like them: references for distributions over poses."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from iebench.baselines.action import ROTATION
from iebench.manifests.conventions import pose_quaternion
from iebench.manifests.symmetry import Symmetry

from ...data.rows import spread
from ...fitting.context import Context, KnownSymmetries, Split
from ...metrics.geometry.pose_distribution import NEAR
from ...poses.space import Space

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

QUARTER = 4  # poses a degree that represent a continuous symmetry
SHOWN = 36  # poses of a continuous symmetry in a drawing
SAME = 1e-3  # radians: turns by less are the identity
FLOORS = 128  # views on which the floor of a probability is measured


@dataclass(frozen=True)
class TruePoses:
    """Poses of some views of val.

    rows, objects : (n,) views and their objects; cells : (n,) finest cells; quaternions : (n, 4)
    symmetries : of every object
    log_likelihood, entropy : (n,) of an oracle that knows the symmetries; None if they are unknown
    """

    rows: Codes
    objects: Codes
    cells: Codes
    quaternions: Array
    symmetries: list[Symmetry]
    log_likelihood: Array | None
    entropy: Array | None

    @staticmethod
    def of(context: Context, space: Space, most: int) -> "TruePoses":
        """Select at most `most` views of val, or one of each object."""
        val, known = context.val, context.symmetries
        rows = staggered(val, np.arange(val.objects), max(most, val.objects))
        objects, angles = rows // val.views, val.columns(ROTATION, rows)
        shapes = [Symmetry.none() if known is None else known.symmetry(val, i) for i in range(val.objects)]
        cells, quaternions = space.holding(angles), pose_quaternion(angles)
        of_views = [shapes[i] for i in objects]
        bounds = (None, None) if known is None else best(space, known, of_views, quaternions, cells)
        return TruePoses(rows, objects, cells, quaternions, shapes, *bounds)

    def distances(self, views: Codes, poses: Array) -> Array:
        """Return degrees from poses (b, m, 4) to the nearest that looks like the true pose of views (b,): (b, m)."""
        degrees = np.empty(poses.shape[:2])
        for row, view in enumerate(views):
            degrees[row] = self.symmetries[self.objects[view]].distance(self.quaternions[view], poses[row])
        return degrees

    def lookalikes(self, view: int, space: Space) -> Array:
        """Return a view's pose and, within the range, those that look like it: quaternions (k, 4)."""
        shape, own = self.symmetries[self.objects[view]], self.quaternions[[view]]
        if shape.kind == "sphere":
            return own
        elements = shape.elements(SHOWN)
        poses = (Rotation.from_quat(own[0]) * elements).as_quat()
        others = ~np.isnan(space.range.angles(poses)[:, 0]) & (elements.magnitude() > SAME)
        return np.concatenate([own, poses[others]])

    def uniform_masses(self, space: Space) -> tuple[float, ...]:
        """Return the probability within NEAR degrees by the uniform distribution, in the mean over some views."""
        level = space.level + 1
        cells = np.flatnonzero(space.volume(level, np.arange(space.divided.count(level))))
        volumes, poses = space.volume(level, cells), space.divided.centres(level, cells)
        degrees = np.stack([self.distances(view[None], poses[None])[0] for view in spread(len(self.rows), FLOORS)])
        return tuple(float(((degrees <= near) @ volumes).mean()) for near in NEAR)


def best(
    space: Space, known: KnownSymmetries, shapes: list[Symmetry], quaternions: Array, cells: Codes
) -> tuple[Array, Array]:
    """Return log-likelihood and entropy (n,) of distributions over the poses that look like the true ones.

    Each pose has the probability that the recipe's laws give it; shapes, quaternions and cells are those of the views.
    """
    likelihoods, entropies = np.empty(len(cells)), np.empty(len(cells))
    for view, (shape, quaternion, cell) in enumerate(zip(shapes, quaternions, cells, strict=True)):
        held, shares = alike(space, known, shape, quaternion, cell)
        heights = np.log(shares / space.cell)
        likelihoods[view] = heights[held == cell].sum()
        entropies[view] = -(shares * heights).sum()
    return likelihoods, entropies


def alike(space: Space, known: KnownSymmetries, shape: Symmetry, quaternion: Array, cell: int) -> tuple[Codes, Array]:
    """Return the finest cells of the poses that look like one (4,) in a cell, and their probabilities: (m,), (m,)."""
    if shape.kind == "sphere":
        cells = np.flatnonzero(space.volume(space.finest, np.arange(space.divided.count(space.finest))))
        weights = known.density(Rotation.from_quat(space.divided.centres(space.finest, cells)))
    else:
        elements = shape.elements(360 * QUARTER)
        poses = Rotation.from_quat(quaternion) * elements
        angles = space.range.angles(poses.as_quat())
        inside = ~np.isnan(angles[:, 0]) & (
            elements.magnitude() > 0.1 / QUARTER * np.pi / 180
        )  # the true pose is added
        cells = np.append(cell, space.holding(angles[inside]))
        weights = known.density(Rotation.concatenate([Rotation.from_quat(quaternion), poses[inside]]))
    if not weights.sum():
        weights = np.ones(len(cells))  # at a right angle about y the angles of a pose may lie outside the laws
    held, index = np.unique(cells, return_inverse=True)
    shares: Array = np.bincount(index, weights / weights.sum()).astype(np.float64)
    likely: Codes = held[shares > 0].astype(np.int64)
    return likely, shares[shares > 0]


def staggered(split: Split, objects: Codes, most: int) -> Codes:
    """Return at most `most` rows of some objects, evenly spread views of each that differ between objects.

    The same views of each object would miss poses of a recipe that sweeps an angle.
    """
    chosen = objects[spread(len(objects), most)]
    views = spread(split.views, max(1, most // max(1, len(chosen))))
    rows: Codes = chosen[:, None] * split.views + (views + np.arange(len(chosen))[:, None]) % split.views
    return rows.ravel()
