"""Polygons cut into triangles: fans where a fan lies inside, ear clipping (mapbox_earcut) where it does not."""

import mapbox_earcut
import numpy as np
from numpy.typing import NDArray

from ..errors import AssetError
from .limits import FACES, check

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BATCH = 1 << 20  # corners looked at together, so that temporary arrays stay below about 200 MB
THIN = 1e-12  # a triangle with less than this share of its polygon's area is none


def cut(name: str, vertices: Floats, corners: Ints, counts: Ints) -> tuple[Ints, Ints]:
    """Cut polygons into triangles that turn the same way round.

    name : of the file, for messages
    vertices : (v, 3); corners : (k,) vertices, polygon after polygon; counts : (n,) how many of them each polygon has
    returns : positions within `corners` (m, 3), and for each triangle its polygon (m,), ascending

    A polygon may be concave, have corners on its edges, the same corner twice in a row, or a hole that is joined to its
    outline by an edge there and back. Fewer than three corners are no face. A polygon that is not flat is seen along
    its mean normal. One that crosses itself is covered as far as ear clipping goes.

    Raises
    ------
    AssetError : a corner that is no vertex, or more triangles than the limits allow.
    """
    if corners.size and not 0 <= corners.min() <= corners.max() < len(vertices):
        raise AssetError(f"{name} has faces between vertices that it has not")
    check(name, "triangles", int(np.maximum(counts - 2, 0).sum()), FACES)
    if (counts == 3).all():
        return np.arange(len(corners)).reshape(-1, 3), np.arange(len(counts))
    counts, kept = _without_repeats(corners, counts)
    starts = np.cumsum(counts) - counts
    triangles, owners = [np.empty((0, 3), np.int64)], [np.empty(0, np.int64)]
    for size in np.unique(counts[counts >= 3]):
        same = np.flatnonzero(counts == size)
        together = max(1, BATCH // int(size))
        for which in np.split(same, range(together, len(same), together)):
            rings = starts[which, None] + np.arange(size)
            local, rows = _cut_alike(vertices[corners[kept[rings]]])
            triangles.append(kept[np.take_along_axis(rings[rows], local, axis=1)])
            owners.append(which[rows])
    owner = np.concatenate(owners)
    order = np.argsort(owner, kind="stable")
    return np.concatenate(triangles)[order], owner[order]


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


def _cut_alike(points: Floats) -> tuple[Ints, Ints]:
    """Cut (n, size, 3) polygons: triangles (m, 3) as corners of their polygon, and the polygon (m,) of each."""
    size = points.shape[1]
    fan, numbers = _fan(size), np.arange(len(points))
    fans = np.tile(fan, (len(points), 1, 1))
    if size == 3:
        return fans[:, 0], numbers
    with np.errstate(all="ignore"):  # what is not finite, or has no area, is no fan
        hard = np.flatnonzero(~_fans(points))
        if size == 4:
            fans[hard[_fans(np.roll(points[hard], -1, axis=1))]] = (fan + 1) % 4
            return fans.reshape(-1, 3), np.repeat(numbers, 2)
    easy, clipped = np.setdiff1d(numbers, hard), [_clipped(points[number]) for number in hard]
    rows = np.concatenate([np.repeat(easy, size - 2), np.repeat(hard, [len(triangles) for triangles in clipped])])
    return np.concatenate([fans[easy].reshape(-1, 3), *clipped]), rows


def _fan(size: int) -> Ints:
    return np.column_stack([np.zeros(size - 2, np.int64), np.arange(1, size - 1), np.arange(2, size)])


def _fans(points: Floats) -> NDArray[np.bool_]:
    """Whether the fan from the first corner covers a polygon and nothing else, for (n, size, 3) polygons: (n,)."""
    spokes = points[:, 1:] - points[:, :1]
    doubled = np.cross(spokes[:, :-1], spokes[:, 1:])  # (n, size - 2, 3), the fan's triangles
    normal = doubled.sum(axis=1)
    squared = (normal * normal).sum(axis=1)
    upward = (doubled * normal[:, None]).sum(axis=2)
    angles = np.arctan2(upward / np.sqrt(squared)[:, None], (spokes[:, :-1] * spokes[:, 1:]).sum(axis=2))
    once = angles.sum(axis=1) < 2 * np.pi
    covered: NDArray[np.bool_] = (upward > THIN * squared[:, None]).all(axis=1) & once
    return covered


def _clipped(ring: Floats) -> Ints:
    """Triangles of one polygon (size, 3) by ear clipping; a fan where it has no normal."""
    ring = ring - ring[0]
    normal = np.cross(ring[1:-1], ring[2:]).sum(axis=0)
    if not np.isfinite(normal).all() or not normal.any():
        return _fan(len(ring))
    axis = int(np.abs(normal).argmax())
    seen = np.roll(ring, -axis - 1, axis=1)[:, :2]  # along that axis, which leaves points on a line on a line
    if normal[axis] < 0:
        seen = seen[:, ::-1]
    ears = mapbox_earcut.triangulate_float64(np.ascontiguousarray(seen), np.array([len(ring)], np.uint32))
    return ears.reshape(-1, 3).astype(np.int64)
