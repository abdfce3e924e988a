"""Rotations: scipy and closed forms agree with the stated conventions."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from iebench.manifests.conventions import (
    canonical,
    geodesic_degrees,
    pose,
    pose_quaternion,
    quaternion_angles,
    quaternion_product,
    relative_quaternion,
)

RNG = np.random.default_rng(0)
ANGLES1, ANGLES2 = RNG.uniform(-np.pi / 2, np.pi / 2, (2, 500, 3))


def axis_matrix(axis, angle):
    c, s = np.cos(angle), np.sin(angle)
    return {
        "x": np.array([[1, 0, 0], [0, c, -s], [0, s, c]]),
        "y": np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]),
        "z": np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]),
    }[axis]


def test_pose_is_rz_ry_rx():
    x, y, z = ANGLES1[0]
    assert pose([x, y, z]).as_matrix() == pytest.approx(axis_matrix("z", z) @ axis_matrix("y", y) @ axis_matrix("x", x))


@pytest.mark.parametrize("reach", [np.pi / 2, np.pi, 3 * np.pi])
def test_pose_quaternion_is_scipys(reach):
    angles = RNG.uniform(-reach, reach, (2, 500, 3))
    scipys = pose(angles.reshape(-1, 3)).as_quat(canonical=True).reshape(2, 500, 4)
    assert pose_quaternion(angles) == pytest.approx(scipys, abs=1e-15)
    assert pose_quaternion(angles[0, 0]) == pytest.approx(scipys[0, 0], abs=1e-15)


def test_the_angles_of_a_quaternion_give_the_pose_again():
    angles = RNG.uniform([-np.pi, -np.pi / 2, -np.pi], [np.pi, np.pi / 2, np.pi], (500, 3))
    assert quaternion_angles(pose_quaternion(angles)) == pytest.approx(angles, abs=1e-9)
    for near in (0, 1e-12, 1e-9, 1e-6):  # gimbal lock: other angles, the same rotation
        angles[:, 1] = np.pi / 2 - near
        again = pose(quaternion_angles(pose_quaternion(angles)))
        assert (again.inv() * pose(angles)).magnitude().max() < 1e-7


def test_relative_rotation_takes_pose_one_to_pose_two():
    relative = Rotation.from_quat(relative_quaternion(ANGLES1, ANGLES2))
    assert (pose(ANGLES1) * relative).as_matrix() == pytest.approx(pose(ANGLES2).as_matrix())


def test_sign_as_released_and_canonical():
    released = relative_quaternion(ANGLES1, ANGLES2, as_released=True)
    assert 0.01 < (released[:, 3] < 0).mean() < 0.1  # 4.3 % for 3DIEBench's law
    assert (relative_quaternion(ANGLES1, ANGLES2)[:, 3] >= 0).all()
    assert np.array_equal(canonical(released), relative_quaternion(ANGLES1, ANGLES2))


@pytest.mark.parametrize("reach", [np.pi / 2, np.pi])
def test_as_released_is_scipys_sign_too_beyond_a_right_angle(reach):
    first, second = RNG.uniform(-reach, reach, (2, 500, 3))
    turns = [Rotation.from_euler("xyz", angles) for angles in (first, second)]
    assert pose_quaternion(first, as_released=True) == pytest.approx(turns[0].as_quat(), abs=1e-15)
    # as of scipy 1.11, where the inverse of a rotation is its conjugate
    expected = (Rotation.from_quat(turns[0].as_quat() * [-1, -1, -1, 1]) * turns[1]).as_quat()
    assert relative_quaternion(first, second, as_released=True) == pytest.approx(expected, abs=1e-12)


def test_quaternion_product_is_scipys_composition():
    a, b = Rotation.random(50, random_state=1), Rotation.random(50, random_state=2)
    ours = canonical(quaternion_product(a.as_quat(), b.as_quat()))
    assert ours == pytest.approx((a * b).as_quat(canonical=True))


@pytest.mark.parametrize("degrees", [0.0, 1e-6, 30.0, 90.0, 179.999999, 180.0])
def test_geodesic_of_a_known_turn_whatever_sign_and_length(degrees):
    start = Rotation.random(20, random_state=3)
    turned = start * Rotation.from_rotvec(np.radians(degrees) * np.array([0.6, 0.0, 0.8]))
    angles = geodesic_degrees(-3 * start.as_quat(), turned.as_quat())
    assert angles == pytest.approx(np.full(20, degrees), abs=1e-9, rel=1e-6)
