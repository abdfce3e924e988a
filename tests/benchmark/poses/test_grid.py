"""Cells of poses have equal volumes, cover the range, and hold their own centres and parts."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from iebench.benchmark.poses.grid import Angles, Cells, Rotations
from iebench.benchmark.poses.healpix import directions, places
from iebench.benchmark.poses.space import Range, Space
from iebench.manifests.conventions import geodesic_degrees, quaternion_angles

Array = NDArray[np.float64]
QUARTER = Range(np.full(3, -np.pi / 2), np.full(3, np.pi / 2))
UPRIGHT = Range(np.array([0.0, 0.0, -np.pi / 2]), np.array([0.0, 0.0, np.pi / 2]))
DIVISIONS = {
    "rotations": Rotations(),
    "one angle": UPRIGHT.cells(),
    "two angles": Angles(np.array([-1.0, 0.3, -np.pi]), np.array([1.0, 0.3, np.pi])),
}


def random_angles(division: str, count: int = 2_000) -> Array:
    """Return poses, uniform over a division's range."""
    generator = np.random.default_rng(0)
    if division == "rotations":
        return quaternion_angles(Rotation.random(count, rng=generator).as_quat())
    low, high = (
        ([0, 0, -np.pi / 2], [0, 0, np.pi / 2]) if division == "one angle" else ([-1, 0.3, -np.pi], [1, 0.3, np.pi])
    )
    return generator.uniform(low, high, (count, 3))


@pytest.mark.parametrize("side", [1, 4])
def test_centres_of_pixels_lie_on_the_rings_of_healpix(side: int) -> None:
    """Their heights in closed form: Gorski et al. (2005), equations 4 and 8."""
    face, row, column = np.indices((12, side, side)).reshape(3, -1)
    vectors = directions(face, (row + 0.5) / side, (column + 0.5) / side)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1)
    cap = [1 - i**2 / (3 * side**2) for i in range(1, side) for _ in range(4 * i)]
    belt = [4 / 3 - 2 * i / (3 * side) for i in range(side, 3 * side + 1) for _ in range(4 * side)]
    np.testing.assert_allclose(np.sort(vectors[:, 2]), np.sort([*cap, *belt, *(-z for z in cap)]), atol=1e-12)


def test_pixels_have_equal_areas_and_every_direction_has_its_place() -> None:
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(60_000, 3))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    faces, u, v = places(vectors)
    np.testing.assert_allclose(directions(faces, u, v), vectors, atol=1e-12)
    counts = np.bincount((faces * 2 + (u > 0.5)) * 2 + (v > 0.5), minlength=48)
    expected = len(vectors) / 48
    assert ((counts - expected) ** 2 / expected).sum() < 82  # chi-squared of 47 degrees of freedom: 99.9 %


@pytest.mark.parametrize("division", DIVISIONS)
def test_cells_of_random_poses_have_equal_counts(division: str) -> None:
    """The volume of a cell is its share of uniform poses."""
    cells = DIVISIONS[division]
    counts = np.bincount(cells.holding(0, random_angles(division, 40_000)), minlength=cells.count(0))
    expected = 40_000 / cells.count(0)
    freedom = cells.count(0) - 1
    assert len(counts) == cells.count(0)
    assert ((counts - expected) ** 2 / expected).sum() < freedom + 4 * np.sqrt(2 * freedom)


@pytest.mark.parametrize("division", DIVISIONS)
def test_parts_divide_their_cell(division: str) -> None:
    cells: Cells = DIVISIONS[division]
    parts = cells.parts(1, np.arange(cells.count(1)))
    np.testing.assert_array_equal(np.sort(parts.ravel()), np.arange(cells.count(2)))
    angles = random_angles(division)
    coarse, fine = cells.holding(1, angles), cells.holding(2, angles)
    assert (parts[coarse] == fine[:, None]).any(1).all()


@pytest.mark.parametrize("division", DIVISIONS)
def test_a_cell_holds_its_centre_and_nothing_far_away(division: str) -> None:
    cells = DIVISIONS[division]
    numbers = np.arange(cells.count(2))
    centres = cells.centres(2, numbers)
    np.testing.assert_array_equal(cells.holding(2, quaternion_angles(centres)), numbers)
    angles = random_angles(division)
    away = geodesic_degrees(cells.centres(2, cells.holding(2, angles)), Rotation.from_euler("xyz", angles).as_quat())
    assert away.max() < 16 and away.mean() < 8  # of cells of 15 degrees


def test_rotations_have_72_cells_times_8_to_the_level() -> None:
    assert [Rotations().count(level) for level in (0, 2, 4)] == [72, 4_608, 294_912]
    assert UPRIGHT.cells().count(2) == 12


def test_volumes_of_a_range_sum_to_1_and_its_cells_fill_it() -> None:
    """The range of three angles within a quarter turn is a quarter of all rotations: (pi / 2 pi)^2 (1 + 1) / 2."""
    space = Space(QUARTER, level=1)
    for level in (1, 2, 3):
        assert space.volume(level, np.arange(Rotations().count(level))).sum() == pytest.approx(1)
    assert space.cell * Rotations().count(3) == pytest.approx(4, rel=0.05)  # cells of 7.5 degrees
    inside = QUARTER.contains(random_angles("rotations"))
    assert inside.mean() == pytest.approx(0.25, abs=0.03)


def test_every_pose_of_the_range_lies_in_a_cell_of_the_range() -> None:
    """Also at the edges, where the pose's own cell may have its centre outside."""
    space = Space(QUARTER, level=1)
    angles = np.random.default_rng(1).uniform(-np.pi / 2, np.pi / 2, (2_000, 3))
    angles[::4, 0], angles[1::4, 2] = np.pi / 2, -np.pi / 2
    cells = space.holding(angles)
    assert (space.volume(3, cells) == space.cell).all()
    away = geodesic_degrees(space.divided.centres(3, cells), Rotation.from_euler("xyz", angles).as_quat())
    assert away.max() < 16  # of cells of 7.5 degrees, or the nearest within
    assert set(space.above(2, space.above(3, cells))) <= set(space.kept)


def test_a_pose_is_within_limits_by_either_set_of_angles() -> None:
    limits = Range(np.array([2.0, -1.0, 3.0]), np.array([3.5, 1.0, 4.5]))
    angles = np.random.default_rng(2).uniform(limits.low, limits.high, (200, 3))
    np.testing.assert_allclose(limits.angles(Rotation.from_euler("xyz", angles).as_quat()), angles, atol=1e-9)
    assert np.isnan(limits.angles(np.array([[0.0, 0.0, 0.0, 1.0]]))).all()
