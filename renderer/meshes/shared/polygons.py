"""Polygons cut into triangles: fans where a fan lies inside, ear clipping (mapbox_earcut) where it does not."""

from dataclasses import dataclass

import mapbox_earcut
import numpy as np
from numpy.typing import NDArray

from ...errors import AssetError
from .limits import FACES, check

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BATCH = 1 << 20  # corners looked at together, so that temporary arrays stay below about 200 MB
THIN = 1e-12  # a triangle with less than this share of its polygon's area is none
CROSSED = (
    1e-6  # of a polygon's squared size: by how much the area of its triangles is not its own where it crosses itself
)


@dataclass(frozen=True)
class Cut:
    """Polygons cut into triangles.

    positions : (m, 3), of each triangle's corners among the polygons' corners
    owners : (m,), each triangle's polygon, ascending
    crossing : how many polygons cross themselves
    """

    positions: Ints
    owners: Ints
    crossing: int = 0

    @property
    def notes(self) -> list[str]:
        """Notes about an object that is drawn so, one sentence each."""
        many = f"{self.crossing} polygons cross themselves: programs differ in what these cover"
        return [many] if self.crossing else []


def cut(name: str, vertices: Floats, corners: Ints, counts: Ints) -> Cut:
    """Cut polygons into triangles that turn the same way round.

    name : of the file, for messages
    vertices : (v, 3); corners : (k,) vertices, polygon after polygon; counts : (n,) how many of them each polygon has
    A polygon may be concave, have corners on its edges, the same corner twice in a row, or a hole that is joined to its
    outline by an edge there and back. Fewer than three corners are no face. A polygon that is not flat is seen along
    its mean normal. One that crosses itself is covered as far as ear clipping goes.

    Raises
    ------
    AssetError : a corner that is no vertex, or more triangles than the limits allow.
    """
    check_corners(name, corners, len(vertices))
    check(name, "triangles", int(np.maximum(counts - 2, 0).sum()), FACES)
    if (counts == 3).all():
        return Cut(np.arange(len(corners)).reshape(-1, 3), np.arange(len(counts)))
    counts, kept = _without_repeats(corners, counts)
    starts = np.cumsum(counts) - counts
    triangles, owners, crossing = [np.empty((0, 3), np.int64)], [np.empty(0, np.int64)], 0
    for size in np.unique(counts[counts >= 3]):
        same = np.flatnonzero(counts == size)
        together = max(1, BATCH // int(size))
        for which in np.split(same, range(together, len(same), together)):
            rings = starts[which, None] + np.arange(size)
            local, rows, crossed = _cut_alike(vertices[corners[kept[rings]]])
            crossing += crossed
            triangles.append(kept[np.take_along_axis(rings[rows], local, axis=1)])
            owners.append(which[rows])
    owner = np.concatenate(owners)
    order = np.argsort(owner, kind="stable")
    return Cut(np.concatenate(triangles)[order], owner[order], crossing)


def check_corners(name: str, corners: Ints, vertices: int) -> None:
    """Check that the corners of faces are vertices.

    Raises
    ------
    AssetError : one is not.
    """
    if corners.size and not 0 <= corners.min() <= corners.max() < vertices:
        raise AssetError(f"{name} has faces between vertices that it has not")


def _without_repeats(corners: Ints, counts: Ints) -> tuple[Ints, Ints]:
    """The counts of polygons without corners that repeat the one before, and the positions of those that stay.

    Triangles stay as they are: one that repeats a corner is counted as flat.
    """
    starts = np.cumsum(counts) - counts
    before = np.arange(len(corners)) - 1
    before[starts[counts > 0]] = (starts + counts)[counts > 0] - 1
    owner = np.repeat(np.arange(len(counts)), counts)
    keep = (corners != corners[before]) | (counts[owner] <= 3)
    return np.bincount(owner[keep], minlength=len(counts)).astype(np.int64), np.flatnonzero(keep)


def _cut_alike(points: Floats) -> tuple[Ints, Ints, int]:
    """Cut (n, size, 3) polygons.

    returns : triangles (m, 3) as corners of their polygon, the polygon (m,) of each, and how many cross themselves
    """
    size, numbers = points.shape[1], np.arange(len(points))
    fans = np.tile(_fan(size), (len(points), 1, 1))
    if size == 3:
        return fans[:, 0], numbers, 0
    with np.errstate(all="ignore"):  # what is not finite, or has no area, is no fan
        hard = np.flatnonzero(~_fans(points))
        turned = hard[_fans(np.roll(points[hard], -1, axis=1))] if size == 4 else hard[:0]
        fans[turned] = (fans[turned] + 1) % 4
        hard = np.setdiff1d(hard, turned)
        clipped = [_clipped(points[number]) for number in hard]
    easy = np.setdiff1d(numbers, hard)
    lengths = np.array([len(ears) for ears, _ in clipped], np.int64)
    rows = np.concatenate([np.repeat(easy, size - 2), np.repeat(hard, lengths)])
    triangles = np.concatenate([fans[easy].reshape(-1, 3), *(ears for ears, _ in clipped)])
    return triangles, rows, sum(crosses for _, crosses in clipped)


def _fan(size: int) -> Ints:
    return np.column_stack([np.zeros(size - 2, np.int64), np.arange(1, size - 1), np.arange(2, size)])


def _fans(points: Floats) -> NDArray[np.bool_]:
    """True where the fan from the first corner covers a polygon and nothing else, for (n, size, 3) polygons: (n,)."""
    spokes = points[:, 1:] - points[:, :1]
    doubled = np.cross(spokes[:, :-1], spokes[:, 1:])  # (n, size - 2, 3), the fan's triangles
    normal = doubled.sum(axis=1)
    squared = (normal * normal).sum(axis=1)
    upward = (doubled * normal[:, None]).sum(axis=2)
    angles = np.arctan2(upward / np.sqrt(squared)[:, None], (spokes[:, :-1] * spokes[:, 1:]).sum(axis=2))
    once = angles.sum(axis=1) < 2 * np.pi
    covered: NDArray[np.bool_] = (upward > THIN * squared[:, None]).all(axis=1) & once
    return covered


def _clipped(ring: Floats) -> tuple[Ints, bool]:
    """Triangles of a polygon (size, 3) by ear clipping, and whether their area is not its own: it crosses itself.

    A fan is left of four corners, as Blender has it, and where a polygon has no normal.
    """
    ring, fan = ring - ring[0], _fan(len(ring))
    tolerance = CROSSED * np.ptp(ring, axis=0).max() ** 2
    normal = np.cross(ring[1:-1], ring[2:]).sum(axis=0)
    size = np.linalg.norm(normal)
    if not 0 < size < np.inf:
        return fan, bool(np.linalg.norm(np.cross(ring[fan[:, 1]], ring[fan[:, 2]]), axis=1).sum() > tolerance)
    across = np.cross(normal / size, np.eye(3)[np.abs(normal).argmin()])
    across /= np.linalg.norm(across)
    seen = ring @ np.column_stack([across, np.cross(normal / size, across)])  # against the normal: counter-clockwise
    if len(ring) > 4:
        fan = mapbox_earcut.triangulate_float64(seen, np.array([len(ring)], np.uint32)).reshape(-1, 3).astype(np.int64)
    a, b, c = seen[fan.T]
    covered = np.abs(np.linalg.det(np.stack([b - a, c - a], axis=1))).sum()
    return fan, bool(abs(covered - size) > tolerance)
