"""Doubled faces: files such as ShapeNet's hold a surface twice, once for each of its sides.

Two faces in one place shadow each other: which of them a ray meets is a matter of rounding, so the picture has black
specks. Of faces with the same corners the first in the file is kept, whatever the order of their corners, their
normals and their materials: so did Blender 3's importer of OBJ files, which made the published pictures.
"""

import numpy as np
from numpy.typing import NDArray


def doubles(
    points: NDArray[np.floating], corners: NDArray[np.integer], sizes: NDArray[np.integer]
) -> NDArray[np.bool_]:
    """Tell which faces have the same corners as an earlier one; vertices at one place are one corner.

    points : (n, 3) finite; corners : (c,) indices of points, face after face; sizes : (m,) corners of each face
    returns : (m,), True for a face that repeats an earlier one

    >>> points = np.eye(3)[[0, 1, 2, 0]]
    >>> doubles(points, np.array([0, 1, 2, 2, 1, 3]), np.array([3, 3]))
    array([False,  True])
    """
    places, starts = _places(points)[corners], np.cumsum(sizes) - sizes
    repeated = np.zeros(len(sizes), bool)
    for size in np.unique(sizes):
        (faces,) = np.nonzero(sizes == size)
        sets = np.sort(places[starts[faces, None] + np.arange(size)], axis=1)
        repeated[faces] = _repeats(sets)
    return repeated


def _places(points: NDArray[np.floating]) -> NDArray[np.int64]:
    """A number for each point, (n,), the same where points are equal."""
    order = np.lexsort(points.T)
    numbers = np.empty(len(points), np.int64)
    numbers[order] = _runs(points[order])
    return numbers


def _repeats(rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which rows (m, k) equal an earlier one: (m,)."""
    order = np.lexsort(rows.T)  # stable: of equal rows the first comes first
    number = _runs(rows[order])
    repeated = np.empty(len(rows), bool)
    repeated[order] = np.diff(number, prepend=-1) == 0
    return repeated


def _runs(rows: NDArray[np.generic]) -> NDArray[np.int64]:
    """Number sorted rows (m, k) from 0, equal ones alike: (m,)."""
    changes = np.any(rows[1:] != rows[:-1], axis=1)
    return np.concatenate([np.zeros(min(len(rows), 1), np.int64), np.cumsum(changes)])
