"""Triangulation of polygons: the same area and orientation, no edge lost."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from iebench.renderer.errors import AssetError
from iebench.renderer.meshes.shared import polygons

ANGLES = np.arange(10) * np.pi / 5
STAR = np.column_stack([np.cos(ANGLES), np.sin(ANGLES)]) * np.tile([1, 0.4], 5)[:, None]
RINGS = {
    "triangle": [(0, 0), (1, 0), (0, 1)],
    "square": [(0, 0), (1, 0), (1, 1), (0, 1)],
    "arrow": [(-0.4, -0.4), (0, -0.1), (0.4, -0.4), (0, 0.5)],
    "arrow from its notch": [(0, -0.1), (0.4, -0.4), (0, 0.5), (-0.4, -0.4)],
    "corner on the first edge": [(0, 0), (1, 0), (2, 0), (0, 2)],
    "square with corners on its edges": [(0, 0), (1, 0), (2, 0), (2, 1), (2, 2), (1, 2), (0, 2), (0, 1)],
    "L": [(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)],
    "L with corners on its edges": [(0, 0), (1, 0), (2, 0), (2, 1), (1, 1), (1, 1.5), (1, 2), (0, 2), (0, 1)],
    "comb": [(0, 0), (5, 0), (5, 2), (4, 1), (3, 2), (2, 1), (1, 2), (0, 1)],
    "star": STAR,
    "hole by a bridge": [(0, 0), (4, 0), (4, 4), (0, 4), (0, 0), (1, 1), (1, 3), (3, 3), (3, 1), (1, 1)],
}


def cut(vertices, corners, counts):
    """Return the triangles and their polygons; no polygon crosses itself."""
    triangles = polygons.cut("a", vertices, np.array(corners), np.array(counts))
    assert triangles.crossing == 0 and triangles.notes == []
    return triangles.positions, triangles.owners


def area(ring):
    x, y = np.asarray(ring, float).T
    return (x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def lifted(ring, turn):
    return turn.apply(np.insert(np.asarray(ring, float), 2, 0, axis=1)) + np.array([7, -5, 3])


@pytest.mark.parametrize("turn", [Rotation.identity(), Rotation.from_rotvec([2, 1, 0.3])], ids=["flat", "askew"])
@pytest.mark.parametrize("backward", [False, True], ids=["left", "right"])
@pytest.mark.parametrize("name", RINGS)
def test_triangles_cover_the_polygon_and_face_as_it_does(name, backward, turn):
    ring = np.asarray(RINGS[name], float)[:: -1 if backward else 1]
    points, count = lifted(ring, turn), len(ring)
    triangles, owners = cut(points, np.arange(count), np.array([count]))
    a, b, c = points[triangles.T]
    normal = turn.apply([0, 0, -1.0 if backward else 1.0])
    signed = np.cross(b - a, c - a) @ normal / 2
    assert signed.min() > 0
    assert signed.sum() == pytest.approx(abs(area(ring)))
    assert len(triangles) == count - 2 and not owners.any()
    edges = {(int(i), int(j)) for t in triangles for i, j in zip(t, np.roll(t, -1), strict=True)}
    assert {(i, (i + 1) % count) for i in range(count)} <= edges  # neighbours along every edge still match


def test_a_convex_polygon_is_a_fan():
    angles = np.arange(7) * 2 * np.pi / 7
    points = np.column_stack([np.cos(angles), np.sin(angles), np.zeros(7)])
    triangles, _ = cut(points, np.arange(7), np.array([7]))
    assert triangles.tolist() == [[0, i, i + 1] for i in range(1, 6)]


def test_polygons_of_all_sizes_stay_in_order(monkeypatch):
    names = [*RINGS, *reversed(RINGS)]
    points = np.concatenate([lifted(RINGS[name], Rotation.identity()) for name in names])
    counts = np.array([len(RINGS[name]) for name in names])
    triangles, owners = cut(points, np.arange(len(points)), counts)
    assert (np.diff(owners) >= 0).all() and set(owners) == set(range(len(names)))
    a, b, c = points[triangles.T]
    areas = np.bincount(owners, np.cross(b - a, c - a)[:, 2] / 2)
    assert areas == pytest.approx([area(RINGS[name]) for name in names])
    monkeypatch.setattr(polygons, "BATCH", 4)
    again, _ = cut(points, np.arange(len(points)), counts)
    assert np.array_equal(triangles, again)


def test_repeated_corners_count_once_and_two_corners_are_no_face():
    points = lifted(RINGS["L"], Rotation.identity())
    corners = [0, 0, 1, 2, 3, 3, 3, 4, 5, 0, 1, 2, 4, 0, 1, 2, 5, 5, 5, 5]
    triangles, owners = cut(points, np.array(corners), np.array([10, 2, 1, 3, 0, 4]))
    a, b, c = points[np.array(corners)[triangles].T]
    assert np.bincount(owners, np.cross(b - a, c - a)[:, 2] / 2) == pytest.approx([3, 0, 0, 1])


@pytest.mark.parametrize("ring", [[(0, 0), (1, 1), (2, 2), (3, 3), (1, 1)], [(0, 0)] * 5, [(np.nan, 0), (1, 0)] * 3])
def test_polygons_without_area_stay_as_flat_ones(ring):
    points = lifted(ring, Rotation.identity())
    triangles, _ = cut(points, np.arange(len(ring)), np.array([len(ring)]))
    a, b, c = points[triangles.T]
    assert not (np.abs(np.cross(b - a, c - a)) > 1e-9).any()


@pytest.mark.parametrize("size", [4, 5, 9, 40])
def test_a_polygon_that_is_not_flat_keeps_its_outline(size):
    rng = np.random.default_rng(size)
    angles = np.sort(rng.uniform(0, 2 * np.pi, size))
    radius = rng.uniform(0.2, 1, size)
    points = np.column_stack([radius * np.cos(angles), radius * np.sin(angles), rng.normal(0, 0.1, size)])
    triangles, _ = cut(points, np.arange(size), np.array([size]))
    assert len(triangles) == size - 2
    a, b, c = points[triangles.T]
    assert np.cross(b - a, c - a)[:, 2].sum() / 2 == pytest.approx(area(points[:, :2]))


def test_corners_beyond_the_vertices_and_more_triangles_than_the_limit_are_refused(monkeypatch):
    points = lifted(RINGS["L"], Rotation.identity())
    for wrong in (-1, 6):
        with pytest.raises(AssetError, match=r"^a has faces that use vertices which it does not have$"):
            cut(points, np.array([0, 1, wrong]), np.array([3]))
    monkeypatch.setattr(polygons, "FACES", 3)
    with pytest.raises(AssetError, match="a has 4 triangles, over the limit of 3"):
        cut(points, np.arange(6), np.array([6]))


PENTAGON = [(np.cos(angle), np.sin(angle)) for angle in np.arange(5) * 2 * np.pi / 5]


@pytest.mark.parametrize("turn", [Rotation.identity(), Rotation.from_rotvec([2, 1, 0.3])], ids=["flat", "askew"])
@pytest.mark.parametrize(
    "ring",
    [[PENTAGON[i] for i in (0, 2, 4, 1, 3)], [(0, 0), (2, 2), (2, 0), (0, 1)], [(0, 0), (1, 1), (1, 0), (0, 1)]],
    ids=["pentagram", "bow", "bow of equal halves"],
)
def test_polygons_that_cross_themselves_are_counted(ring, turn):
    points = np.concatenate([lifted(RINGS["L"], turn), lifted(ring, turn)])
    triangles = polygons.cut("a", points, np.arange(len(points)), np.array([6, len(ring)]))
    assert triangles.crossing == 1 and 1 in triangles.owners
    assert triangles.notes == ["1 polygons cross themselves: programs differ in what these cover"]
