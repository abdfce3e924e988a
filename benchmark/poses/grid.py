"""Cells of poses of equal volume, in levels: each cell is divided into cells of the next level.

Poses of three varying angles are divided as by Yershova et al. (2010), "Generating uniform incremental grids on SO(3)
using the Hopf fibration": the direction of the object's z axis into HEALPix pixels, the turn about it into equal
intervals. Poses of one or two varying angles are divided into equal intervals of each angle: two Euler axes that follow
one another are orthogonal, or keep their angle, so that equal intervals have equal areas.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from iebench.manifests.conventions import pose_quaternion, quaternion_product

from .healpix import FACES, directions, places

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

TILTS = 6  # intervals of a turn at level 0; cells are then about as wide as high


class Cells(Protocol):
    """A division of poses into cells of equal volume, one for each level. The cells of a level are 0 .. count - 1."""

    def count(self, level: int) -> int:
        """Return the number of cells of a level."""

    def centres(self, level: int, cells: Codes) -> Array:
        """Return the poses at the centres of cells (n,): quaternions (n, 4)."""

    def holding(self, level: int, angles: Array) -> Codes:
        """Return the cells that hold poses of angles (n, 3): (n,)."""

    def parts(self, level: int, cells: Codes) -> Codes:
        """Return the cells of the next level that cells (n,) are divided into: (n, k)."""


class Rotations:
    """All rotations: 72 x 8^level cells, of 15 degrees at level 2.

    The turn of a cell is measured against its face's frame, moved along the great circle from the face's centre, so
    that cells are about equally round everywhere.
    """

    def __init__(self) -> None:
        middles = directions(np.arange(FACES), np.full(FACES, 0.5), np.full(FACES, 0.5))
        azimuth, polar = np.arctan2(middles[:, 1], middles[:, 0]), np.arccos(middles[:, 2])
        self._middles = middles
        self._frames = pose_quaternion(np.stack([0 * polar, polar, azimuth], axis=-1))

    def count(self, level: int) -> int:
        """Return the number of cells of a level."""
        return int(FACES * TILTS * 8**level)

    def centres(self, level: int, cells: Codes) -> Array:
        """Return the poses at the centres of cells (n,): quaternions (n, 4)."""
        side, tilts = 2**level, TILTS * 2**level
        pixels, tilt = np.divmod(cells, tilts)
        faces, (row, column) = pixels // side**2, np.divmod(pixels % side**2, side)
        half = (tilt + 0.5) * (np.pi / tilts)
        turn = np.stack([0 * half, 0 * half, np.sin(half), np.cos(half)], axis=-1)
        towards = directions(faces, (row + 0.5) / side, (column + 0.5) / side)
        return quaternion_product(self._moved(faces, towards), turn)

    def holding(self, level: int, angles: Array) -> Codes:
        """Return the cells that hold poses of angles (n, 3): (n,)."""
        side, tilts = 2**level, TILTS * 2**level
        x, y, z, w = quaternions = np.moveaxis(pose_quaternion(angles), -1, 0)
        towards = np.stack([2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x**2 + y**2)], axis=-1)
        towards /= np.linalg.norm(towards, axis=-1, keepdims=True)
        faces, u, v = places(towards)
        inverse = self._moved(faces, towards) * np.array([-1.0, -1.0, -1.0, 1.0])
        turn = quaternion_product(inverse, quaternions.T)
        tilt = np.arctan2(turn[:, 2], turn[:, 3]) / np.pi % 1
        row, column = (np.minimum((position * side).astype(np.int64), side - 1) for position in (u, v))
        numbers: Codes = ((faces * side + row) * side + column) * tilts + (tilt * tilts).astype(np.int64) % tilts
        return numbers

    def parts(self, level: int, cells: Codes) -> Codes:
        """Return the cells of the next level that cells (n,) are divided into: (n, 8)."""
        side, tilts = 2**level, TILTS * 2**level
        pixels, tilt = np.divmod(cells, tilts)
        faces, (row, column) = pixels // side**2, np.divmod(pixels % side**2, side)
        down, across, turned = np.indices((2, 2, 2)).reshape(3, -1)
        lines = (faces * 2 * side)[:, None] + 2 * row[:, None] + down
        numbers: Codes = (lines * 2 * side + 2 * column[:, None] + across) * 2 * tilts + 2 * tilt[:, None] + turned
        return numbers

    def _moved(self, faces: Codes, towards: Array) -> Array:
        """Return faces' frames, moved by the smallest rotation of their z axis to unit vectors (n, 3): (n, 4)."""
        middles = self._middles[faces]
        across, along = np.cross(middles, towards), (middles * towards).sum(-1, keepdims=True)
        smallest = np.concatenate([across, 1 + along], axis=-1)
        smallest /= np.linalg.norm(smallest, axis=-1, keepdims=True)
        return quaternion_product(smallest, self._frames[faces])


class Angles:
    """Poses of which one or two angles vary, between limits: intervals of about 15 degrees at level 2.

    low, high : (3,) radians; the angles with low == high are constant
    """

    def __init__(self, low: Array, high: Array) -> None:
        self._low, self._width = low, high - low
        self._varying = np.flatnonzero(self._width > 0)
        self._intervals = np.ceil(self._width[self._varying] / (np.pi / 3) - 1e-9).astype(np.int64)

    def count(self, level: int) -> int:
        """Return the number of cells of a level."""
        return int((self._intervals * 2**level).prod())

    def centres(self, level: int, cells: Codes) -> Array:
        """Return the poses at the centres of cells (n,): quaternions (n, 4)."""
        shape = self._intervals * 2**level
        angles = np.repeat(self._low[None], len(cells), axis=0)
        steps = np.stack(np.unravel_index(cells, tuple(shape)), axis=-1)
        angles[:, self._varying] += (steps + 0.5) / shape * self._width[self._varying]
        return pose_quaternion(angles)

    def holding(self, level: int, angles: Array) -> Codes:
        """Return the cells that hold poses of angles (n, 3): (n,)."""
        shape = self._intervals * 2**level
        shares = (angles - self._low)[:, self._varying] / self._width[self._varying]
        steps = np.clip((shares * shape).astype(np.int64), 0, shape - 1)
        return np.asarray(np.ravel_multi_index(tuple(steps.T), tuple(shape)), np.int64)

    def parts(self, level: int, cells: Codes) -> Codes:
        """Return the cells of the next level that cells (n,) are divided into: (n, 2) or (n, 4)."""
        shape = tuple(self._intervals * 2**level)
        steps = np.stack(np.unravel_index(cells, shape))
        halves = np.indices((2,) * len(shape)).reshape(len(shape), 1, -1)
        finer = tuple(2 * steps[..., None] + halves)
        return np.asarray(np.ravel_multi_index(finer, tuple(2 * side for side in shape)), np.int64)
