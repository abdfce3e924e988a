"""A flipped picture shows the mirror image in the pose that the pairs assume; pairs are balanced."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from iebench.benchmark.probes.mirror.pairs import CLOSE, Pairs, angles, differ, half_turn


def picture(points: np.ndarray, azimuth: float) -> np.ndarray:
    """Project points (n, 3) by a pinhole camera at this azimuth, 40 degrees above the floor: (n, 2)."""
    out = np.array([np.cos(0.7) * np.cos(azimuth), np.cos(0.7) * np.sin(azimuth), np.sin(0.7)])
    right = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
    depth = 2.5 - points @ out
    return np.stack([points @ right, points @ np.cross(out, right)], axis=1) / depth[:, None]


@pytest.mark.parametrize("azimuth", [np.pi / 2, 0.3, -2.0])
def test_a_flipped_picture_shows_the_mirror_image_in_the_mirrored_pose(azimuth: float) -> None:
    generator = np.random.default_rng(0)
    points, turned = generator.normal(size=(20, 3)), Rotation.random(random_state=1).as_matrix()
    turn = half_turn(azimuth)
    normal = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
    mirror = np.eye(3) - 2 * np.outer(normal, normal)
    flipped = picture(points @ turned.T, azimuth) * [-1, 1]
    image_of_object, pose = points @ mirror.T, turn @ turned @ turn
    assert picture(image_of_object @ pose.T, azimuth) == pytest.approx(flipped)
    assert np.linalg.det(pose) == pytest.approx(1)


def test_angles_are_those_of_scipy() -> None:
    first, second = Rotation.random(3, random_state=0), Rotation.random(4, random_state=1)
    expected = [[np.degrees((a.inv() * b).magnitude()) for b in second] for a in first]
    assert angles(first.as_matrix(), second.as_matrix()) == pytest.approx(np.array(expected))


def test_pairs_are_of_one_object_at_equal_angles_and_flips_say_nothing() -> None:
    objects, views, azimuth = 5, 12, 1.1
    poses = Rotation.random(objects * views, random_state=2).as_matrix().reshape(objects, views, 3, 3)
    pairs, turn = Pairs.of(poses, azimuth), half_turn(azimuth)
    assert len(pairs.rows) > 100 and pairs.mirrored.mean() == 0.5
    owners, pictures = pairs.rows // (2 * views), pairs.rows % (2 * views)
    assert (owners[:, 0] == owners[:, 1]).all()
    assert (pictures[:, 0] % views != pictures[:, 1] % views).all()  # no picture beside its own flip
    shown = np.stack([turn @ poses @ turn, poses])  # of the mirror image, of the object
    for (owner, _), (a, b), mirrored, degrees in zip(owners, pictures, pairs.mirrored, pairs.degrees, strict=True):
        first, second = (shown[int(not mirrored or number < views), owner, number % views] for number in (a, b))
        assert angles(first[None], second[None])[0, 0] == pytest.approx(degrees, abs=CLOSE if mirrored else 1e-9)
    for column in pictures.T:
        assert (column >= views)[pairs.mirrored].mean() == (column >= views)[~pairs.mirrored].mean() == 0.5
    others = pairs.with_others(objects, views)
    assert (others[:, 1] // (2 * views) != owners[:, 1]).all()
    assert np.array_equal(differ(others, 2 * views), pairs.mirrored)
