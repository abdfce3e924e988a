"""Equal-area pixels of the sphere: HEALPix (Gorski et al. 2005), with pixels as squares of twelve square faces.

A face is [0, 1]^2, with u towards the north-east and v towards the north-west. Faces 0-3 touch the north pole, 4-7 lie
on the equator, 8-11 touch the south pole.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

FACES = 12
ROW = np.repeat([2, 3, 4], 4)  # of a face's southern corner, in rows of a quarter of the way between the poles
COLUMN = np.array([1, 3, 5, 7, 0, 2, 4, 6, 1, 3, 5, 7])  # of a face's centre, in eighths of a turn


def directions(faces: Codes, u: Array, v: Array) -> Array:
    """Return the unit vectors (n, 3) of points of faces, (n,) each; not of the poles."""
    row = ROW[faces] - u - v  # 0 at the north pole, 4 at the south pole
    narrow = np.clip(np.minimum(row, 4 - row), None, 1.0)  # a face's width there, as a share of that at the equator
    cap = 1 - narrow**2 / 3
    height = np.where(row < 1, cap, np.where(row > 3, -cap, (2 - row) * 2 / 3))
    azimuth = (COLUMN[faces] + (u - v) / narrow) * (np.pi / 4)
    radius = np.where(narrow < 1, narrow * np.sqrt((2 - narrow**2 / 3) / 3), np.sqrt(1 - height**2))
    return np.stack([radius * np.cos(azimuth), radius * np.sin(azimuth), height], axis=-1)


def places(vectors: Array) -> tuple[Codes, Array, Array]:
    """Return face, u and v of unit vectors (n, 3): (n,) each; the inverse of `directions`."""
    height, quarter = vectors[:, 2], np.arctan2(vectors[:, 1], vectors[:, 0]) / (np.pi / 2) % 4
    down, up = 0.5 + quarter - 0.75 * height, 0.5 + quarter + 0.75 * height
    first, second = np.floor(down).astype(np.int64), np.floor(up).astype(np.int64)
    faces = np.where(first == second, first % 4 + 4, np.where(first < second, first % 4, second % 4 + 8))
    u, v = up - second, 1 - (down - first)
    polar = np.abs(height) > 2 / 3
    own = np.minimum(quarter.astype(np.int64), 3)
    narrow = np.hypot(vectors[:, 0], vectors[:, 1]) * np.sqrt(3 / (1 + np.abs(height)))  # sqrt(3 (1 - |height|))
    east, west = (quarter - own) * narrow, (1 - quarter + own) * narrow
    north = height > 0
    faces = np.where(polar, own + np.where(north, 0, 8), faces)
    u = np.where(polar, np.where(north, 1 - west, east), u)
    v = np.where(polar, np.where(north, 1 - east, west), v)
    return faces, np.clip(u, 0, 1), np.clip(v, 0, 1)
