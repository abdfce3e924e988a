"""Colours on surfaces: known distances in L*a*b*, and colours of parts, vertices, materials and textures of files."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import trimesh
from numpy.typing import NDArray
from PIL import Image
from trimesh import creation

from iebench.manifests.symmetry import Symmetry
from iebench.renderer.errors import AssetError
from iebench.renderer.sources import ObjectRef
from iebench.renderer.symmetry.estimate import Colours, symmetries
from iebench.renderer.symmetry.surface import coloured_points, lab, linear

Array = NDArray[np.float64]
RED, BLUE = np.array([50.0, 60.0, 40.0]), np.array([30.0, 20.0, -60.0])


def test_lab_has_the_published_values() -> None:
    """L*a*b* of the corners of sRGB under D65, as tables of colour science give them."""
    corners = np.array([[1, 1, 1], [0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]])
    expected = [[100, 0, 0], [0, 0, 0], [53.24, 80.09, 67.20], [87.73, -86.18, 83.18], [32.30, 79.19, -107.86]]
    np.testing.assert_allclose(lab(corners), expected, atol=0.02)
    np.testing.assert_allclose(linear(np.array([0.0, 0.04045, 0.5, 1.0])), [0, 0.00313, 0.21404, 1], atol=1e-5)


def group(mesh: trimesh.Trimesh, is_red: Callable[[Array], NDArray[np.bool_]]) -> Symmetry:
    """Return the symmetries in shape and colour of a mesh that is red where a function of the points says so."""
    vertices, faces = np.asarray(mesh.vertices, np.float64), np.asarray(mesh.faces, np.int64)
    points = np.asarray(trimesh.sample.sample_surface(mesh, 16_384, seed=1)[0], np.float64)
    colours = np.where(is_red(points)[:, None], RED, BLUE)
    return symmetries(vertices, faces, colours=Colours(points, colours)).symmetry


CYLINDER, CUBE = creation.cylinder(0.3, 1.0, sections=48), creation.box([1, 1, 1])


@pytest.mark.parametrize(
    ("is_red", "kind", "more"),
    [
        (lambda p: p[:, 2] < 9, "axial", True),  # one colour
        (lambda p: np.abs(p[:, 2]) < 0.15, "axial", True),  # a ring in the middle
        (lambda p: p[:, 2] > 0.2, "axial", False),  # a coloured end
        (lambda p: p[:, 0] > 0.1, "finite", 2),  # a stripe along one side: a half turn about x stays
        (lambda p: np.abs(p[:, 0]) > 0.15, "finite", 4),  # stripes on two sides
        (lambda p: (p[:, 0] > 0.1) & (p[:, 2] > 0), "finite", 1),
    ],
)
@pytest.mark.slow
def test_colours_break_the_symmetries_of_a_cylinder(
    is_red: Callable[[Array], NDArray[np.bool_]], kind: str, more: int
) -> None:
    symmetry = group(CYLINDER, is_red)
    assert symmetry.kind == kind and (len(symmetry.quaternions) if kind == "finite" else symmetry.flips) == more


@pytest.mark.parametrize(
    ("is_red", "order"),
    [(lambda p: p[:, 0] < 9, 24), (lambda p: p[:, 0] > 0.49, 4), (lambda p: np.abs(p[:, 0]) > 0.49, 8)],
)
@pytest.mark.slow
def test_coloured_faces_of_a_cube_leave_the_known_groups(
    is_red: Callable[[Array], NDArray[np.bool_]], order: int
) -> None:
    assert len(group(CUBE, is_red).quaternions) == order


@pytest.mark.slow
def test_differences_below_the_tolerance_do_not_count() -> None:
    points = np.asarray(trimesh.sample.sample_surface(CUBE, 16_384, seed=1)[0], np.float64)
    colours = np.where(points[:, :1] > 0.49, RED + np.array([0, 10, 0]), RED)
    for tolerance, order, difference in ((15.0, 24, 10.0), (5.0, 4, 0.0)):
        estimate = symmetries(
            np.asarray(CUBE.vertices, np.float64), np.asarray(CUBE.faces), colours=Colours(points, colours, tolerance)
        )
        assert len(estimate.symmetry.quaternions) == order
        assert estimate.difference == pytest.approx(difference, abs=1e-9)


def reference(path: Path) -> ObjectRef:
    return ObjectRef("c", "object", "c", 0, "val", str(path))


def halves(ref: ObjectRef) -> tuple[Array, Array]:
    """Return the mean colours of the points on the two sides of x = 0."""
    points, colours = coloured_points(ref)
    return colours[points[:, 0] > 0.1].mean(0), colours[points[:, 0] < -0.1].mean(0)


def test_materials_and_textures_of_an_obj_are_read(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4), (0, 0, 255)).save(tmp_path / "blue.png")
    (tmp_path / "two.mtl").write_text("newmtl red\nKd 1 0 0\nnewmtl blue\nKd 1 1 1\nmap_Kd blue.png\n")
    (tmp_path / "two.obj").write_text(
        "mtllib two.mtl\nv 1 0 0\nv 1 1 0\nv 1 0 1\nv -1 0 0\nv -1 1 0\nv -1 0 1\nvt 0 0\nvt 1 0\nvt 0 1\n"
        "usemtl red\nf 1 2 3\nusemtl blue\nf 4/1 5/2 6/3\n"
    )
    right, left = halves(reference(tmp_path / "two.obj"))
    np.testing.assert_allclose(right, lab(np.array([[1.0, 0, 0]]))[0], atol=1)
    np.testing.assert_allclose(left, lab(np.array([[0, 0, 1.0]]))[0], atol=1)


def test_factors_of_materials_are_linear_and_multiply_textures(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4), (188, 188, 188)).save(tmp_path / "half.png")  # 0.5 in linear RGB
    (tmp_path / "two.mtl").write_text("newmtl plain\nKd 0.5 0.5 0.5\nnewmtl both\nKd 1 0 0\nmap_Kd half.png\n")
    (tmp_path / "two.obj").write_text(
        "mtllib two.mtl\nv 1 0 0\nv 1 1 0\nv 1 0 1\nv -1 0 0\nv -1 1 0\nv -1 0 1\nvt 0 0\nvt 1 0\nvt 0 1\n"
        "usemtl plain\nf 1 2 3\nusemtl both\nf 4/1 5/2 6/3\n"
    )
    right, left = halves(reference(tmp_path / "two.obj"))
    np.testing.assert_allclose([right, left], lab(np.array([[0.5, 0.5, 0.5], [0.5, 0, 0]])), atol=1)


def test_the_factor_of_a_gltf_material_is_linear_and_white_if_there_is_none(tmp_path: Path) -> None:
    for factor, expected in (([0.5, 0.25, 0.0, 1.0], [0.5, 0.25, 0.0]), (None, [1.0, 1.0, 1.0])):
        mesh = creation.box([1, 1, 1])
        material = trimesh.visual.material.PBRMaterial(baseColorFactor=factor)
        mesh.visual = trimesh.visual.TextureVisuals(uv=np.zeros((len(mesh.vertices), 2)), material=material)
        mesh.export(tmp_path / "box.glb")
        _, colours = coloured_points(reference(tmp_path / "box.glb"))
        np.testing.assert_allclose(colours.mean(0), lab(np.array([expected]))[0], atol=1)


def test_colours_of_vertices_are_read_and_their_frame_is_that_of_the_surface(tmp_path: Path) -> None:
    mesh = creation.box([2, 1, 1])
    mesh.apply_translation([5, 0, 0])
    mesh.visual = trimesh.visual.ColorVisuals(
        mesh, vertex_colors=np.where(mesh.vertices[:, :1] > 5, [255, 0, 0, 255], [0, 0, 255, 255]).astype(np.uint8)
    )
    mesh.export(tmp_path / "box.ply")
    points, colours = coloured_points(reference(tmp_path / "box.ply"))
    np.testing.assert_allclose([points.min(0), points.max(0)], [[-1, -0.5, -0.5], [1, 0.5, 0.5]], atol=0.01)
    ends = np.abs(points[:, 0]) > 0.9999
    right = lab(np.array([[1.0, 0, 0]]))[0]
    np.testing.assert_allclose(colours[ends & (points[:, 0] > 0)].mean(0), right, atol=2)


def test_a_built_in_object_has_the_colours_of_its_parts() -> None:
    points, colours = coloured_points(ObjectRef("02946921", "0", "can", 0, "val", None))
    assert len(points) == len(colours) and len(np.unique(colours.round(3), axis=0)) >= 2
    assert np.linalg.norm(np.ptp(points, axis=0)) == pytest.approx(1, abs=0.02)


def test_colours_of_an_objs_vertices_are_read_where_no_material_is(tmp_path: Path) -> None:
    (tmp_path / "two.obj").write_text(
        "v 1 0 0 1 0 0\nv 1 1 0 1 0 0\nv 1 0 1 1 0 0\n"
        "v -1 0 0 0 0 1\nv -1 1 0 0 0 1\nv -1 0 1 0 0 1\nf 1 2 3\nf 4 5 6\n"
    )
    right, left = halves(reference(tmp_path / "two.obj"))
    np.testing.assert_allclose([right, left], lab(np.array([[1.0, 0, 0], [0, 0, 1.0]])), atol=1)


def test_a_missing_file_is_an_error_of_its_object(tmp_path: Path) -> None:
    with pytest.raises(AssetError):
        coloured_points(reference(tmp_path / "none.obj"))
