"""The poses that a recipe allows, divided into cells of three levels, with the uniform distribution over them.

Every cell of the finest level whose centre lies within the recipe's range has the same volume, a share of the range. A
cell of the two levels above has the sum of its parts' volumes.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from iebench.manifests.conventions import pose_quaternion, quaternion_angles

from .grid import Angles, Cells, Rotations

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

LEVEL = 2
"""Level of the coarse cells: 15 degrees; the finest are two levels below."""
REFINED = 2
ROUNDING = 1e-6  # radians: values outside the range by less are on its edge


@dataclass(frozen=True)
class Range:
    """Limits of the three angles of a pose. low, high : (3,) radians; equal for an angle that does not vary."""

    low: Array
    high: Array

    def angles(self, quaternions: Array) -> Array:
        """Return angles of poses within the limits: (n, 4) -> (n, 3), NaN for poses outside the range.

        A pose has two sets of angles, each up to whole turns.
        """
        own = quaternion_angles(quaternions)
        other = np.pi + own * np.array([1.0, -1.0, 1.0])
        angles = np.full_like(own, np.nan)
        start = self.low - ROUNDING
        for candidate in (other, own):
            wrapped = start + (candidate - start) % (2 * np.pi)
            inside = (wrapped <= self.high + ROUNDING).all(1)
            angles[inside] = wrapped[inside]
        return angles

    def contains(self, angles: Array) -> NDArray[np.bool_]:
        """True for angles (n, 3) within the limits: (n,)."""
        inside: NDArray[np.bool_] = ((angles >= self.low - ROUNDING) & (angles <= self.high + ROUNDING)).all(1)
        return inside

    def cells(self) -> Cells:
        """Return the cells that divide the range."""
        varying = self.high - self.low > ROUNDING
        return Rotations() if varying.all() else Angles(self.low, np.where(varying, self.high, self.low))


class Space:
    """The cells of a range at the levels `level` .. `level` + 2.

    kept : (n,) numbers of the coarse cells within the range; volumes : (n,) their shares of it, sum 1
    """

    def __init__(self, limits: Range, level: int = LEVEL) -> None:
        self.range, self.level, self.divided = limits, level, limits.cells()
        finest = level + REFINED
        every = np.arange(self.divided.count(level))
        halves = self.divided.parts(level, every)
        parts = self.divided.parts(level + 1, halves.ravel())
        inside = ~np.isnan(limits.angles(self.divided.centres(finest, np.arange(self.divided.count(finest))))[:, 0])
        share = 1 / inside.sum()
        self._volumes = {finest: inside * share, level + 1: np.empty(halves.size), level: np.empty(len(every))}
        self._volumes[level + 1][halves.ravel()] = inside[parts].sum(1) * share
        self._volumes[level][every] = self._volumes[level + 1][halves].sum(1)
        self._above = {level + 1: np.empty(halves.size, np.int64), finest: np.empty(len(inside), np.int64)}
        self._above[level + 1][halves.ravel()] = np.repeat(every, halves.shape[1])
        self._above[finest][parts.ravel()] = np.repeat(halves.ravel(), parts.shape[1])
        self.kept = np.flatnonzero(self._volumes[level])
        self.volumes = self._volumes[level][self.kept]

    @property
    def finest(self) -> int:
        """Level of the finest cells."""
        return self.level + REFINED

    @cached_property
    def cell(self) -> float:
        """Volume of a cell of the finest level, as a share of the range."""
        return float(self._volumes[self.finest].max())

    def volume(self, level: int, cells: Codes) -> Array:
        """Return the volumes of cells (...) of a level; 0 outside the range."""
        volumes: Array = self._volumes[level][cells]
        return volumes

    def above(self, level: int, cells: Codes) -> Codes:
        """Return the cells of the level above that contain cells (...) of a level."""
        cells_above: Codes = self._above[level][cells]
        return cells_above

    @cached_property
    def _centres(self) -> tuple[Codes, KDTree]:
        """The finest cells within the range, and their centres, each as two quaternions."""
        kept = np.flatnonzero(self._volumes[self.finest])
        centres = self.divided.centres(self.finest, kept)
        return kept, KDTree(np.concatenate([centres, -centres]))

    def holding(self, angles: Array) -> Codes:
        """Return the finest cells of poses of angles (n, 3) within the range: (n,).

        The nearest cell with its centre within the range, for a pose at the edge in a cell with its centre outside.
        """
        cells = self.divided.holding(self.finest, angles)
        lost = self._volumes[self.finest][cells] == 0
        if lost.any():
            kept, tree = self._centres
            cells[lost] = kept[tree.query(pose_quaternion(angles[lost]))[1] % len(kept)]
        return cells
