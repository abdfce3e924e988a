"""Shapes with known symmetries, upright and rotated; built-in objects and files in the object frame."""

import numpy as np
import pytest
import trimesh
from scipy.spatial.transform import Rotation
from trimesh import creation

from iebench.manifests.symmetry import Symmetry
from iebench.renderer.sources import ObjectRef
from iebench.renderer.symmetry.estimate import TOLERANCE, symmetries, visible
from iebench.renderer.symmetry.run import surface

ASKEW = Rotation.from_euler("xyz", [0.3, 1.1, -0.7])


def mug() -> trimesh.Trimesh:
    """Cup with a bottom and a handle on one side."""
    cup, bottom, handle = creation.annulus(0.25, 0.3, 0.7), creation.cylinder(0.3, 0.05), creation.torus(0.15, 0.03)
    bottom.apply_translation([0, 0, -0.35])
    handle.apply_transform(trimesh.transformations.rotation_matrix(np.pi / 2, [1, 0, 0]))
    handle.apply_translation([0.35, 0, 0])
    return trimesh.util.concatenate([cup, bottom, handle])


SHAPES = {
    "cylinder": creation.cylinder(0.3, 1.0, sections=48),
    "cone": creation.cone(0.4, 1.0, sections=48),
    "cube": creation.box([1, 1, 1]),
    "box": creation.box([1.0, 0.6, 0.3]),
    "square box": creation.box([1.0, 0.5, 0.5]),
    "sphere": creation.icosphere(3, 0.5),
    "tetrahedron": trimesh.Trimesh(
        [[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], [[0, 1, 2], [0, 3, 1], [0, 2, 3], [1, 3, 2]]
    ),
    "mug": mug(),
}
EXPECTED = {  # kind, order or flips
    "cylinder": ("axial", True), "cone": ("axial", False), "cube": ("finite", 24), "box": ("finite", 4),
    "square box": ("finite", 8), "sphere": ("sphere", False), "tetrahedron": ("finite", 12), "mug": ("finite", 1),
}  # fmt: skip


def group_of(name: str, turn: Rotation) -> Symmetry:
    vertices = np.asarray(SHAPES[name].vertices, np.float64)
    centred = vertices - (vertices.min(0) + vertices.max(0)) / 2
    estimate = symmetries(turn.apply(centred), np.asarray(SHAPES[name].faces))
    assert estimate.residual <= TOLERANCE and estimate.difference is None
    return estimate.symmetry


@pytest.mark.parametrize("turn", [Rotation.identity(), ASKEW], ids=["upright", "askew"])
@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.slow
def test_the_group_is_the_known_one(name: str, turn: Rotation) -> None:
    group = group_of(name, turn)
    kind, more = EXPECTED[name]
    assert group.kind == kind and (len(group.quaternions) if kind == "finite" else group.flips) == more
    if group.axis is not None:
        assert abs(group.axis @ turn.apply([0, 0, 1])) == pytest.approx(1, abs=1e-3)
    np.testing.assert_allclose(np.abs(group.quaternions[0]), [0, 0, 0, 1], atol=1e-9)


def test_faces_inside_do_not_count() -> None:
    """A label that is a solid piece of the bottle's body: its back lies inside."""
    can, back = creation.cylinder(0.3, 1.0, sections=48), creation.box([0.4, 0.02, 0.5])
    back.apply_translation([0, 0.1, 0])
    both = trimesh.util.concatenate([can, back])
    group = symmetries(np.asarray(both.vertices, np.float64), np.asarray(both.faces)).symmetry
    assert group.kind == "axial" and group.flips


def test_both_sides_of_a_bowl_are_seen() -> None:
    bowl = creation.annulus(0.45, 0.5, 0.3)
    points = np.asarray(trimesh.sample.sample_surface(bowl, 4_096, seed=0)[0], np.float64)
    assert visible(points / np.linalg.norm(np.ptp(points, axis=0))).mean() > 0.97


def test_a_tolerance_makes_a_can_round_in_spite_of_its_emblem_and_tab() -> None:
    """The emblem moves the centre of the bounding box by 2 % of the diagonal, so that the body wobbles by 4 %."""
    vertices, faces = surface(ObjectRef("02946921", "0", "can", 0, "val", None))
    assert [symmetries(vertices, faces, tolerance).symmetry.kind for tolerance in (0.02, 0.05)] == ["finite", "axial"]


def test_a_part_that_moves_the_centroid_leaves_the_axis_upright() -> None:
    """The pump of a built-in bottle: the axis through the centroid leans, and fits worse than the upright one."""
    vertices, faces = surface(ObjectRef("02876657", "0", "bottle", 0, "val", None))
    estimate = symmetries(vertices, faces, 0.05)
    assert estimate.symmetry.axis is not None and abs(estimate.symmetry.axis[2]) == 1
    assert not estimate.symmetry.flips and estimate.residual < 0.04


@pytest.mark.slow
def test_a_finite_group_is_closed() -> None:
    group = Rotation.from_quat(group_of("square box", ASKEW).quaternions)
    for element in group:
        cosines = np.abs((element * group).as_quat() @ group.as_quat().T).max(1)  # of half the angle to the nearest
        assert cosines.min() > np.cos(np.radians(3))


def test_a_rotation_about_another_point_than_the_centre_is_no_symmetry() -> None:
    """A prism on an equilateral triangle has a threefold axis, but not through the centre of its bounding box."""
    triangle = creation.cylinder(0.5, 0.4, sections=3)
    vertices = np.asarray(triangle.vertices)
    group = symmetries(vertices - (vertices.min(0) + vertices.max(0)) / 2, np.asarray(triangle.faces)).symmetry
    assert group.kind == "finite" and len(group.quaternions) == 2


@pytest.mark.slow
def test_the_same_mesh_gives_the_same_numbers() -> None:
    np.testing.assert_array_equal(group_of("box", ASKEW).quaternions, group_of("box", ASKEW).quaternions)
