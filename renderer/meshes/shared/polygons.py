"""Polygons cut into triangles: as a fan if the fan lies inside, else by ear clipping (mapbox_earcut)."""

from dataclasses import dataclass

import mapbox_earcut
import numpy as np
from numpy.typing import NDArray

from ...errors import AssetError
from .limits import FACES, check

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BATCH = 1 << 20  # corners processed together; keeps temporary arrays below about 200 MB
THIN = 1e-12  # a triangle with less than this share of its polygon's area counts as empty
CROSSED = 1e-6
"""Tolerance of areas, as a share of a polygon's squared size.

A polygon crosses itself if its area and the area of its triangles differ by more.
"""


@dataclass(frozen=True)
class Cut:
    """Polygons cut into triangles.

    positions : (m, 3), positions of each triangle's corners in the list of the polygons' corners
    owners : (m,), polygon of each triangle, ascending
    crossing : number of polygons that cross themselves
    """

    positions: Ints
    owners: Ints
    crossing: int = 0

    @property
    def notes(self) -> list[str]:
        """Notes about such an object, one sentence each."""
        many = f"{self.crossing} polygons cross themselves: programs differ in what these cover"
        return [many] if self.crossing else []


def cut(name: str, vertices: Floats, corners: Ints, counts: Ints) -> Cut:
    """Cut polygons into triangles of the same orientation.

    name : name of the file, for messages
    vertices : (v, 3); corners : (k,) vertices, polygon after polygon; counts : (n,) number of corners of each polygon
    A polygon may be concave, have corners on its edges, repeat a corner, or have a hole that is joined to its outline
    by an edge in both directions. A polygon with fewer than three corners gives no triangle. A polygon that is not flat
    is projected along its mean normal. If a polygon crosses itself, ear clipping determines the area that it covers.

    Raises
    ------
    AssetError : a corner is not a vertex, or there are more triangles than the limits allow.
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
        for batch in np.split(same, range(together, len(same), together)):
            rings = starts[batch, None] + np.arange(size)
            local, rows, crossed = _cut_alike(vertices[corners[kept[rings]]])
            crossing += crossed
            triangles.append(kept[np.take_along_axis(rings[rows], local, axis=1)])
            owners.append(batch[rows])
    owner = np.concatenate(owners)
    order = np.argsort(owner, kind="stable")
    return Cut(np.concatenate(triangles)[order], owner[order], crossing)


def check_corners(name: str, corners: Ints, vertices: int) -> None:
    """Check that the corners of faces are existing vertices.

    Raises
    ------
    AssetError : a corner is not a vertex.
    """
    if corners.size and not 0 <= corners.min() <= corners.max() < vertices:
        raise AssetError(f"{name} has faces that use vertices which it does not have")


def _without_repeats(corners: Ints, counts: Ints) -> tuple[Ints, Ints]:
    """Return polygons without corners that repeat the previous one: counts, and positions of the remaining corners.

    Triangles stay unchanged: a triangle that repeats a corner is counted as flat.
    """
    starts = np.cumsum(counts) - counts
    before = np.arange(len(corners)) - 1
    before[starts[counts > 0]] = (starts + counts)[counts > 0] - 1
    owner = np.repeat(np.arange(len(counts)), counts)
    keep = (corners != corners[before]) | (counts[owner] <= 3)
    return np.bincount(owner[keep], minlength=len(counts)).astype(np.int64), np.flatnonzero(keep)


def _cut_alike(points: Floats) -> tuple[Ints, Ints, int]:
    """Cut polygons of equal size, (n, size, 3).

    returns : triangles (m, 3) as corners of their polygon, polygon (m,) of each, number of self-crossing polygons
    """
    size, numbers = points.shape[1], np.arange(len(points))
    fans = np.tile(_fan(size), (len(points), 1, 1))
    if size == 3:
        return fans[:, 0], numbers, 0
    with np.errstate(all="ignore"):  # a polygon that is not finite, or has no area, is not cut as a fan
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
    """Mark polygons (n, size, 3) that the fan from their first corner covers exactly: (n,)."""
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
    """Cut a polygon (size, 3) by ear clipping; return its triangles and True if it crosses itself (areas differ).

    Polygons of four corners are cut as a fan, as in Blender, and so are polygons without a normal.
    """
    ring, fan = ring - ring[0], _fan(len(ring))
    tolerance = CROSSED * np.ptp(ring, axis=0).max() ** 2
    normal = np.cross(ring[1:-1], ring[2:]).sum(axis=0)
    size = np.linalg.norm(normal)
    if not 0 < size < np.inf:
        return fan, bool(np.linalg.norm(np.cross(ring[fan[:, 1]], ring[fan[:, 2]]), axis=1).sum() > tolerance)
    across = np.cross(normal / size, np.eye(3)[np.abs(normal).argmin()])
    across /= np.linalg.norm(across)
    seen = ring @ np.column_stack([across, np.cross(normal / size, across)])  # viewed against the normal: ccw
    if len(ring) > 4:
        fan = mapbox_earcut.triangulate_float64(seen, np.array([len(ring)], np.uint32)).reshape(-1, 3).astype(np.int64)
    a, b, c = seen[fan.T]
    covered = np.abs(np.linalg.det(np.stack([b - a, c - a], axis=1))).sum()
    return fan, bool(abs(covered - size) > tolerance)
