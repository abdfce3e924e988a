"""Reports on meshes: every field on a known solid, equal for all formats."""

import meshes
import numpy as np
import pytest
import trimesh
from cleaning import cleaned, ref_to

from iebench.renderer.meshes.inspect import inspect


def test_the_report_describes_the_mesh():
    solid = meshes.l_shape()
    report = inspect(solid)
    assert (report.vertices, report.triangles, report.bad_vertices, report.flat_faces) == (16, 24, 0, 0)
    assert report.watertight
    assert report.extent == pytest.approx((0.6, 0.2, 0.5))
    assert report.problem is None
    holed = trimesh.Trimesh(solid.vertices, solid.faces[1:], process=False)
    assert not inspect(holed).watertight
    broken = solid.vertices.copy()
    broken[3] = np.inf
    assert (
        inspect(trimesh.Trimesh(broken, solid.faces, process=False)).problem
        == "has 1 vertices that are not finite numbers"
    )
    line = trimesh.Trimesh([[0, 0, 0], [1, 0, 0], [2, 0, 0]], [[0, 1, 2]], process=False)
    assert inspect(line).flat_faces == 1
    assert "area of zero" in inspect(line).problem
    ways = np.array([[0.1, 0.2, 0.3], [0.3, -0.7, 0.2], [1, 1e-3, 0]])
    for way in ways:  # collinear but for the last bit, or for the sixth digit of a text file
        for digits in (16, 6):
            points = np.round(np.linspace(0.1, 1.3, 300)[:, None] * way + [0.3, 0.1, 0.7], digits)
            needles = trimesh.Trimesh(points, np.arange(300).reshape(-1, 3), process=False)
            assert "area of zero" in inspect(needles).problem
            thin = trimesh.Trimesh(points + np.eye(3)[2] * (np.arange(300) % 3 == 0)[:, None] * 5e-5, needles.faces)
            assert inspect(thin).problem is None
    assert "coincide" in inspect(trimesh.Trimesh(np.ones((3, 3)), [[0, 1, 2]], process=False)).problem
    assert inspect(trimesh.PointCloud(solid.vertices)).problem == "holds no faces"


@pytest.mark.parametrize("suffix", ["obj", "glb", "gltf", "ply", "stl", "off"])
def test_every_format_is_the_same_solid(tmp_path, suffix):
    path = tmp_path / f"ein Stück.{suffix}"
    solid = meshes.l_shape()
    files = solid.export(file_type=suffix)
    if suffix == "gltf":
        for name, content in files.items():
            (tmp_path / name).write_bytes(content)
        (tmp_path / "model.gltf").rename(path)
    else:
        path.write_bytes(files if isinstance(files, bytes) else files.encode())
    mesh, report, _ = cleaned(ref_to(path))
    assert report.triangles == 24
    assert report.extent == pytest.approx((0.6, 0.2, 0.5), abs=1e-6)
    assert report.watertight
    assert mesh.missing == ()
    assert len(mesh.sha256) == 64


def test_a_duplicated_solid_is_watertight_if_the_solid_is():
    solid = meshes.l_shape()
    twice = np.concatenate([solid.faces, solid.faces[:, ::-1]])
    report = inspect(trimesh.Trimesh(solid.vertices, twice, process=False))
    assert (report.triangles, report.watertight) == (48, True)
