"""Doubled faces: which are found, and which of two is kept."""

import numpy as np
import pytest

from iebench.renderer.meshes.doubles import doubles


def slowly(points, faces):
    """The same by sets of places, face after face."""
    seen, found = set(), []
    for face in faces:
        corners = tuple(sorted(tuple(points[i]) for i in face))
        found.append(corners in seen)
        seen.add(corners)
    return found


@pytest.mark.parametrize("seed", range(5))
def test_a_face_is_a_double_if_an_earlier_one_has_its_corners(seed):
    rng = np.random.default_rng(seed)
    points = rng.integers(-1, 2, (12, 3)) / 8  # many at one place
    faces = [rng.choice(12, rng.integers(3, 6), replace=False) for _ in range(60)]
    faces += [rng.permutation(faces[i]) for i in rng.choice(60, 40)]
    found = doubles(points, np.concatenate(faces), np.array([len(face) for face in faces]))
    assert found.tolist() == slowly(points + 0.0, faces)
    assert 40 <= found.sum() < 100


def test_zero_has_no_sign():
    points = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [-0.0, 0, -0.0]])
    assert doubles(points, np.array([0, 1, 2, 2, 1, 3]), np.array([3, 3])).tolist() == [False, True]


def test_no_faces_have_no_doubles():
    assert doubles(np.zeros((4, 3)), np.empty(0, int), np.empty(0, int)).tolist() == []
