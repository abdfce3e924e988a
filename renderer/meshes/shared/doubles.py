"""Duplicate faces: files such as ShapeNet's contain a surface twice, once for each of its sides.

Two faces in the same position shadow each other: rounding decides which face a ray hits, so black specks appear.
Of faces with the same corners the first in the file is kept, regardless of corner order, normals and materials. Blender
3's importer of OBJ files, which made the published images, did the same.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

FLAT = 1e-5  # tolerance for four points in one plane, relative to their distances, which 32-bit numbers round


def doubles(
    points: NDArray[np.floating[Any]], corners: NDArray[np.integer[Any]], sizes: NDArray[np.integer[Any]]
) -> NDArray[np.bool_]:
    """Mark faces that have the same corners as an earlier face; vertices at the same position are one corner.

    points : (n, 3) finite; corners : (c,) indices of points, face after face; sizes : (m,) number of corners per face
    returns : (m,), True for a face that repeats an earlier one

    >>> points = np.eye(3)[[0, 1, 2, 0]]
    >>> doubles(points, np.array([0, 1, 2, 2, 1, 3]), np.array([3, 3]))
    array([False,  True])
    """
    positions, starts = _position_numbers(points)[corners], np.cumsum(sizes) - sizes
    repeated = np.zeros(len(sizes), bool)
    for size in np.unique(sizes):
        (faces,) = np.nonzero(sizes == size)
        sets = np.sort(positions[starts[faces, None] + np.arange(size)], axis=1)
        repeated[faces] = _repeats(sets)
    return repeated


def double_triangles(points: NDArray[np.floating[Any]], triangles: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
    """Mark triangles (m, 3) that repeat earlier ones: (m,); `points` is (n, 3) and finite.

    A triangle repeats if it has the corners of an earlier one. Two triangles repeat if they split a flat quadrilateral
    along its other diagonal: a polygon that occurs twice, once reversed, is often split in this way.
    """
    positions = _position_numbers(points)
    first = np.empty((positions.max(initial=-1) + 1, 3))
    first[positions] = points
    corners = positions[triangles]
    repeated = _repeats(np.sort(corners, axis=1))
    (left,) = np.nonzero(~repeated)
    repeated[left[_other_diagonals(first, corners[left])]] = True
    return repeated


def without_doubles(points: NDArray[np.floating[Any]], triangles: NDArray[np.integer[Any]]) -> NDArray[np.integer[Any]]:
    """Remove the triangles (m, 3) that repeat earlier ones; `points` is (n, 3) and finite."""
    return triangles[~double_triangles(points, triangles)]


def _other_diagonals(points: NDArray[np.float64], triangles: NDArray[np.int64]) -> NDArray[np.int64]:
    """Find triangles (m, 3) that cover the same quadrilateral as two earlier ones, split along the other diagonal.

    The given triangles contain no duplicates.
    """
    edges = np.sort(triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    order = np.lexsort(edges.T)
    run = _runs(edges[order])
    (starts,) = np.nonzero(np.bincount(run, minlength=1)[run] == 2)
    first, second = order[starts[::2]], order[starts[1::2]]  # the two sides of edges that have exactly two
    opposite = triangles[:, [2, 0, 1]].ravel()
    # the shared edge, then the two other corners
    quads = np.column_stack([edges[first], opposite[first], opposite[second]])
    crossed = _cross(*points[quads].transpose(1, 0, 2))
    pairs, quads = np.column_stack([first, second])[crossed] // 3, np.sort(quads[crossed], axis=1)
    by_age = np.argsort(pairs.min(axis=1), kind="stable")
    return np.asarray(pairs[by_age[_repeats(quads[by_age])]].ravel())


def _cross(
    a: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64], d: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Mark where the segments from a to b and from c to d, each (n, 3), cross in one plane: (n,)."""
    to_c, to_d = np.cross(b - a, c - a), np.cross(b - a, d - a)
    to_a, to_b = np.cross(d - c, a - c), np.cross(d - c, b - c)
    height = np.abs((to_c * (d - a)).sum(1))
    flat = height <= FLAT * np.linalg.norm(to_c, axis=1) * np.linalg.norm(d - a, axis=1)
    return np.asarray(flat & ((to_c * to_d).sum(1) < 0) & ((to_a * to_b).sum(1) < 0))


def _position_numbers(points: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
    """Number the points, (n,); equal points have equal numbers."""
    order = np.lexsort(points.T)
    numbers = np.empty(len(points), np.int64)
    numbers[order] = _runs(points[order])
    return numbers


def _repeats(rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark rows (m, k) that equal an earlier row: (m,)."""
    order = np.lexsort(rows.T)  # stable: of equal rows the first comes first
    number = _runs(rows[order])
    repeated = np.empty(len(rows), bool)
    repeated[order] = np.diff(number, prepend=-1) == 0
    return repeated


def _runs(rows: NDArray[np.generic]) -> NDArray[np.int64]:
    """Number sorted rows (m, k) from 0; equal rows have equal numbers: (m,)."""
    changes = np.any(rows[1:] != rows[:-1], axis=1)
    return np.concatenate([np.zeros(min(len(rows), 1), np.int64), np.cumsum(changes)])
