"""Conventions that every other file relies on.

- Angles are radians; positions are in units of the normalised object (bounding-box diagonal 1), z up.
- A pose is three Tait-Bryan angles (rot_x, rot_y, rot_z) about the fixed axes, x first: R = Rz Ry Rx, which is
  scipy's lower-case "xyz" and Blender's Euler order "XYZ". R maps object to world column vectors.
- Quaternions are scalar-last (x, y, z, w), with w >= 0 unless "as released" is requested.
- The relative rotation from view 1 to view 2 is R12 = R1^-1 R2, so that R2 = R1 R12 (Garrido et al. 2023).
- Hues are in [0, 1) and circular.
- Images are RGB; a dataset with another channel order declares it in its recipe (`channel_order`).
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from scipy.spatial.transform import Rotation

Array = NDArray[np.float64]

ANGLES = ("rot_x", "rot_y", "rot_z")  # the latents that make up a pose
IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Mean and standard deviation of ImageNet's pictures in [0, 1], red first, which most pretrained networks expect."""


def circle(values: Array, turn: float) -> tuple[Array, Array]:
    """Return sine and cosine of the values (...) of a circular factor; turn : size of a full turn in its unit.

    >>> [round(float(number[0]), 3) for number in circle(np.array([0.25]), 1.0)]
    [1.0, 0.0]
    """
    angle = values * (2 * np.pi / turn)
    return np.sin(angle), np.cos(angle)


def pose(angles: ArrayLike) -> "Rotation":
    """Return the rotations from object to world frame for Tait-Bryan angles.

    angles : (n, 3) or (3,), radians, columns rot_x, rot_y, rot_z
    """
    from scipy.spatial.transform import Rotation  # a third of the start of a command, and most need no pose

    return Rotation.from_euler("xyz", np.asarray(angles, np.float64))


def pose_quaternion(angles: ArrayLike, as_released: bool = False) -> Array:
    """Return the quaternions of `pose(angles)`, computed in closed form because SciPy is slow in the training loop.

    angles : (..., 3), radians, columns rot_x, rot_y, rot_z
    as_released : keep the sign of the product of the three rotations, as SciPy does; w may be negative for angles
        above 90 degrees
    returns : (..., 4) float64, unit, scalar last, w >= 0 unless as released
    """
    half = np.moveaxis(np.asarray(angles, np.float64), -1, 0) / 2
    (cx, cy, cz), (sx, sy, sz) = np.cos(half), np.sin(half)
    product = np.stack(
        [
            sx * cy * cz - cx * sy * sz,
            cx * sy * cz + sx * cy * sz,
            cx * cy * sz - sx * sy * cz,
            cx * cy * cz + sx * sy * sz,
        ],
        axis=-1,
    )
    return product if as_released else canonical(product)


def quaternion_angles(quaternions: Array) -> Array:
    """Return the angles of poses: (n, 4) unit, scalar last -> (n, 3) radians, columns rot_x, rot_y, rot_z.

    rot_y is in [-pi/2, pi/2], rot_x and rot_z are in [-pi, pi]; the inverse of `pose_quaternion` on these.
    """
    x, y, z, w = np.moveaxis(quaternions, -1, 0)
    # (w - y, x + z) is (c - s) (cos, sin) of half of rot_x + rot_z, and (w + y, x - z) is (c + s) (cos, sin) of half of
    # rot_x - rot_z, with c and s those of half of rot_y: exact at a quarter turn too, where one of the two is void
    total, difference = np.arctan2(x + z, w - y), np.arctan2(x - z, w + y)
    middle = 2 * np.arctan2(np.hypot(x - z, w + y), np.hypot(x + z, w - y)) - np.pi / 2
    outer = [(angle + np.pi) % (2 * np.pi) - np.pi for angle in (total + difference, total - difference)]
    return np.stack([outer[0], middle, outer[1]], axis=-1)


def relative_quaternion(angles1: ArrayLike, angles2: ArrayLike, as_released: bool = False) -> Array:
    """Return the quaternions of R12 = R1^-1 R2 for two poses given by their angles.

    angles1, angles2 : (n, 3), radians
    as_released : keep the sign of the product of the two pose quaternions (computed with as_released too), as the SIE
        scripts do with scipy 1.11 or later (4.3 % of 3DIEBench pairs then have w < 0); otherwise w >= 0
    returns : (n, 4) float64, unit, scalar last
    """
    q1, q2 = (pose_quaternion(angles, as_released) for angles in (angles1, angles2))
    product = quaternion_product(q1 * np.array([-1.0, -1.0, -1.0, 1.0]), q2)
    return product if as_released else canonical(product)


def canonical(quaternions: Array) -> Array:
    """Return the same rotations with w >= 0; quaternions : (..., 4), scalar last."""
    return np.where(quaternions[..., 3:] < 0, -quaternions, quaternions)


def quaternion_product(left: Array, right: Array) -> Array:
    """Return the Hamilton product of scalar-last quaternions (..., 4): rotation `right` first, then `left`."""
    (x1, y1, z1, w1), (x2, y2, z2, w2) = np.moveaxis(left, -1, 0), np.moveaxis(right, -1, 0)
    return np.stack(
        [
            w1 * x2 + x1 * w2 + y1 * z2 - z1 * y2,
            w1 * y2 + y1 * w2 + z1 * x2 - x1 * z2,
            w1 * z2 + z1 * w2 + x1 * y2 - y1 * x2,
            w1 * w2 - x1 * x2 - y1 * y2 - z1 * z2,
        ],
        axis=-1,
    )


def geodesic_degrees(quaternions1: Array, quaternions2: Array) -> Array:
    """Return the angle between rotations in degrees, in [0, 180]; sign and length of the quaternions do not matter.

    quaternions1, quaternions2 : (n, 4); a zero quaternion is not a rotation and counts as 180 degrees from any other
    returns : (n,) float64
    """
    a, b = (_unit(quaternions) for quaternions in (quaternions1, quaternions2))
    b = np.where((a * b).sum(-1, keepdims=True) < 0, -b, b)
    # half-angle form: exact near 0 and near 180, where arccos loses half its digits
    half = np.arctan2(np.linalg.norm(a - b, axis=-1), np.linalg.norm(a + b, axis=-1))
    angle: Array = np.degrees(4 * half)
    return angle


def _unit(vectors: Array) -> Array:
    """Scale vectors (n, d) to length 1; a zero vector stays zero."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: Array = vectors / np.where(length > 0, length, 1)
    return scaled
