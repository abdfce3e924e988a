"""Pairs of views of an object, one of which may be turned into the view of its mirror image, at equal angles.

A picture flipped left to right shows the mirror image of the object. With M the reflection across the vertical plane
through the camera and the z axis, it is the picture of the object M O in the pose M R M = H R H, where H is the
half-turn about the normal of that plane. A camera that moves or rolls has no such plane for all views.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

Array = NDArray[np.float64]
Rows = NDArray[np.int64]

CLOSE = 5.0  # degrees between the angles of a pair and of the mirrored pair that is compared with it


def half_turn(azimuth: float) -> Array:
    """Return H for a camera at this azimuth in radians: (3, 3)."""
    normal = [-np.sin(azimuth), np.cos(azimuth), 0.0]
    return np.asarray(Rotation.from_rotvec(np.pi * np.array(normal)).as_matrix())


def angles(first: Array, second: Array) -> Array:
    """Return the angle in degrees from each of n rotations to each of m: (n, 3, 3), (m, 3, 3) -> (n, m)."""
    traces = np.einsum("nij,mij->nm", first, second)
    return np.asarray(np.degrees(np.arccos(np.clip((traces - 1) / 2, -1.0, 1.0))))


def differ(rows: Rows, width: int) -> NDArray[np.bool_]:
    """Return where one picture of a pair is flipped and the other is not: rows (n, 2), width 2 V -> (n,)."""
    turned = rows % width >= width // 2
    return np.asarray(turned[:, 0] != turned[:, 1])


@dataclass(frozen=True)
class Pairs:
    """Pairs of pictures, half of them of an object and its mirror image.

    rows : (n, 2) of a table with, for each object, its V pictures and then the same flipped
    mirrored : (n,) bool; degrees : (n,) angle between the two poses
    """

    rows: Rows
    mirrored: NDArray[np.bool_]
    degrees: Array

    @staticmethod
    def of(poses: Array, azimuth: float) -> "Pairs":
        """Choose pairs of all objects: poses (objects, V, 3, 3), of a camera at this azimuth.

        Each view is paired with another one of its object, and with another one whose mirrored pair has the closest
        angle; without one within CLOSE the view is left out. Never is a picture paired with its own flip, which shows
        the same floor and light. Of both pairs the flipped pictures are taken too. So same and mirrored pairs have
        equal angles, and whether a picture is flipped says nothing about its pair.
        """
        turn, views = half_turn(azimuth), poses.shape[1]
        rows, degrees = [], []
        for number, own in enumerate(poses):
            same, mirror = angles(own, own), angles(own, turn @ own @ turn)
            np.fill_diagonal(mirror, np.inf)
            for i in range(views):
                j = (i + 1 + (7 * i + number) % (views - 1)) % views
                k = int(np.abs(mirror[i] - same[i, j]).argmin())
                if abs(mirror[i, k] - same[i, j]) <= CLOSE:
                    plain, flipped = number * 2 * views, number * 2 * views + views
                    rows.append([[plain + i, plain + j], [flipped + i, flipped + j],
                                 [plain + i, flipped + k], [flipped + i, plain + k]])  # fmt: skip
                    degrees.append(same[i, j])
        table = np.array(rows, np.int64).reshape(-1, 4, 2)
        flat = table.reshape(-1, 2)
        return Pairs(flat, differ(flat, 2 * views), np.repeat(np.array(degrees, np.float64), 4))

    def with_others(self, objects: int, views: int) -> Rows:
        """Return the pairs with the second picture of another object, halfway round the list: (n, 2)."""
        width = 2 * views
        other = (self.rows[:, 1] // width + max(1, objects // 2)) % objects
        return np.stack([self.rows[:, 0], other * width + self.rows[:, 1] % width], axis=1)
