"""Doubled faces: detection, and choice of the face that is kept."""

import numpy as np
import pytest
import trimesh

from iebench.renderer.meshes.shared.doubles import double_triangles, doubles, without_doubles


def slowly(points, faces):
    """Find doubled faces by sets of corner positions, face after face."""
    seen, flags = set(), []
    for face in faces:
        corners = tuple(sorted(tuple(points[i]) for i in face))
        flags.append(corners in seen)
        seen.add(corners)
    return flags


@pytest.mark.parametrize("seed", range(5))
def test_a_face_is_a_double_if_an_earlier_one_has_its_corners(seed):
    rng = np.random.default_rng(seed)
    points = rng.integers(-1, 2, (12, 3)) / 8  # many faces at one position
    faces = [rng.choice(12, rng.integers(3, 6), replace=False) for _ in range(60)]
    faces += [rng.permutation(faces[i]) for i in rng.choice(60, 40)]
    flags = doubles(points, np.concatenate(faces), np.array([len(face) for face in faces]))
    assert flags.tolist() == slowly(points + 0.0, faces)
    assert 40 <= flags.sum() < 100


def test_zero_has_no_sign():
    points = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [-0.0, 0, -0.0]])
    assert doubles(points, np.array([0, 1, 2, 2, 1, 3]), np.array([3, 3])).tolist() == [False, True]


def test_no_faces_have_no_doubles():
    assert doubles(np.zeros((4, 3)), np.empty(0, int), np.empty(0, int)).tolist() == []


SQUARE = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])


@pytest.mark.parametrize("second", [[[0, 1, 3], [1, 2, 3]], [[3, 2, 1], [3, 1, 0]], [[2, 1, 0], [3, 2, 0]]])
def test_a_square_cut_along_either_diagonal_is_one_square(second):
    triangles = np.array([[0, 1, 2], [0, 2, 3], *second])
    assert double_triangles(SQUARE, triangles).tolist() == [False, False, True, True]
    apart = np.concatenate([SQUARE, SQUARE])  # separate vertices
    triangles = np.array([[0, 1, 2], *(np.array(second) + 4), [0, 2, 3]])
    assert double_triangles(apart, triangles).sum() == 2


@pytest.mark.parametrize("fourth", [[0, 1, 0.3], [0.9, 0.2, 0], [0.5, 0.5, 0]])
def test_the_four_faces_of_a_tetrahedron_or_of_a_bent_quadrilateral_are_four(fourth):
    points = np.array([*SQUARE[:3], fourth])
    assert not double_triangles(points, np.array([[0, 1, 2], [0, 2, 3], [0, 1, 3], [1, 2, 3]])).any()


@pytest.mark.parametrize("seed", range(3))
def test_the_sides_of_a_solid_cut_anew_are_all_doubles(seed):
    """Box of quadrilaterals, in any pose: each has a second pair of triangles along the other diagonal."""
    rng = np.random.default_rng(seed)
    box = trimesh.creation.box(transform=trimesh.transformations.random_rotation_matrix(rng.random(3)))
    quads = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    once = np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))])
    again = np.array([t for a, b, c, d in quads for t in ((d, b, a), (d, c, b))])
    points = np.asarray(box.vertices, np.float32)[np.lexsort(np.round(trimesh.creation.box().vertices.T[::-1], 3))]
    assert without_doubles(points, np.concatenate([once, again])).tolist() == once.tolist()
