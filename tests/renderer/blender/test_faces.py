"""Meshes as in ShapeNet: doubled surfaces, sheets that meet in a T, normals at corners."""

import blender_probe
import numpy as np
import pytest
import trimesh
from probing import run

from iebench.manifests.conventions import pose
from iebench.renderer.sources import ObjectRef

pytestmark = pytest.mark.slow

ROUNDED = 0.002  # share of pixels that may differ by one level: some processors round sums in another order
POSES = [{}, {"rot_x": 0.7, "rot_y": -0.5, "rot_z": 1.2}, {"rot_x": -1.1, "rot_y": 0.9, "rot_z": -2.0}]


def ref_to(path):
    return ObjectRef("s", "o", "c", 0, "train", str(path))


def pictures(pool, path):
    return [run(pool, blender_probe.picture, ref_to(path), **pose) for pose in POSES]


def cube(path, doubled, distinct=False, turned=True):
    """Return a cube of triangles with shared vertices and normals; `doubled` : each triangle occurs twice.

    distinct : the second triangles have separate vertices; turned : they face the other way
    """
    points = [(x, y, z) for x in (-0.3, 0.3) for y in (-0.3, 0.3) for z in (-0.3, 0.3)]
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    normals = [(-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0), (0, 0, -1), (0, 0, 1)]
    lines = [f"v {x} {y} {z}" for x, y, z in points * (1 + distinct)]
    lines += [f"vn {sign * x} {sign * y} {sign * z}" for sign in (1, -1) for x, y, z in normals]
    for number, (a, b, c, d) in enumerate(quads, 1):
        for triangle in ((a, b, c), (a, c, d)):
            lines.append("f " + " ".join(f"{corner + 1}//{number}" for corner in triangle))
            if doubled:
                twin, normal = (triangle[::-1], number + 6) if turned else (triangle, number)
                lines.append("f " + " ".join(f"{corner + 1 + 8 * distinct}//{normal}" for corner in twin))
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("how", [{}, {"distinct": True}, {"turned": False}])
def test_a_doubled_solid_has_the_picture_of_the_plain_one(blender, tmp_path, how):
    plain, doubled = cube(tmp_path / "plain.obj", False), cube(tmp_path / "doubled.obj", True, **how)
    for image, other in zip(pictures(blender, plain), pictures(blender, doubled), strict=True):
        assert (image != other).any(-1).mean() < ROUNDED and np.abs(image.astype(int) - other).max() <= 1


@pytest.mark.parametrize("again", ["f 1 2 3 4\n", "f 1 2 3\nf 1 3 4\n", "f 1 2 4\nf 2 3 4\n"])
def test_a_duplicate_face_without_normals_does_not_change_the_picture(blender, tmp_path, again):
    """The file has no normals; the second face is the first one reversed, whole or cut in two."""
    points = "v -.5 0 -.5\nv .5 0 -.5\nv .5 0 .5\nv -.5 0 .5\nv 0 -.3 0\n"
    sides = "f 1 2 5\nf 2 3 5\nf 3 4 5\nf 4 1 5\n"
    once, twice = tmp_path / "once.obj", tmp_path / "twice.obj"
    once.write_text(points + "f 4 3 2 1\n" + sides)
    twice.write_text(points + "f 4 3 2 1\n" + again + sides)
    for image, other in zip(pictures(blender, once), pictures(blender, twice), strict=True):
        assert np.array_equal(image, other)


def tube(path, sheet):
    """Return an open tube of twelve flat sides with a circle's normals; `sheet` : another sheet meets one edge of it.

    Three faces meet in that edge. The file's y is up.
    """
    angles = np.arange(12) * np.pi / 6
    ring = [(np.cos(angle), -np.sin(angle)) for angle in angles]
    lines = [f"v {0.3 * x} {y} {0.3 * z}" for x, z in ring for y in (-0.3, 0.3)] + ["v 0 -0.3 0", "v 0 0.3 0"]
    lines += [f"vn {x} 0 {z}" for x, z in ring] + ["vn 0 0 1"]
    for k in range(12):
        j = (k + 1) % 12
        corners = [(2 * k, k), (2 * j, j), (2 * j + 1, j), (2 * k + 1, k)]
        lines.append("f " + " ".join(f"{vertex + 1}//{normal + 1}" for vertex, normal in corners))
        if sheet and k in (0, 3, 6, 9):
            lines.append(f"f {2 * k + 1}//13 {2 * k + 2}//13 26//13 25//13")
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("sheet", [False, True])
def test_the_normals_drawn_are_those_of_the_file(blender, tmp_path, sheet):
    """Radial normals on a tube, between the edges and at them, also at a T-junction with another sheet."""
    turn = {"rot_x": 0.4, "rot_y": 0.2, "rot_z": 0.3}
    passes, _ = run(blender, blender_probe.passes, ref_to(tube(tmp_path / "tube.obj", sheet)), **turn)
    points, normals = passes["nocs"] / 255 - 0.5, passes["normal"] / 127.5 - 1
    radii = np.linalg.norm(points[..., :2], axis=-1)
    on_tube = (passes["mask"] > 0) & (radii > 0.28)
    assert on_tube.sum() > 300
    outward = points[on_tube] * [1, 1, 0] / radii[on_tube, None]
    cosines = (pose(list(turn.values())).apply(outward) * normals[on_tube]).sum(-1)
    assert np.abs(cosines).min() > np.cos(np.radians(10))  # points and normals have 8 bits


def test_removed_faces_are_counted(blender, tmp_path):
    plain, _ = run(blender, blender_probe.look, ref_to(cube(tmp_path / "plain.obj", False)))
    doubled, _ = run(blender, blender_probe.look, ref_to(cube(tmp_path / "doubled.obj", True)))
    assert (plain.faces, plain.doubles) == (12, 0)
    assert (doubled.faces, doubled.doubles, doubled.report.triangles) == (12, 12, 24)
    assert doubled.inspection()["doubles"] == 12


@pytest.mark.parametrize("suffix", ["ply", "off", "stl", "glb"])
def test_a_doubled_solid_has_the_picture_of_the_plain_one_in_every_format(blender, tmp_path, suffix):
    """The second faces come last, reversed and cut along the other diagonals."""
    box = trimesh.creation.box((0.6, 0.5, 0.4))
    quads = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    once = [t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))]
    again = [t for a, b, c, d in quads for t in ((d, b, a), (d, c, b))]
    for name, faces in (("plain", once), ("doubled", once + again)):
        trimesh.Trimesh(box.vertices, faces, process=False).export(tmp_path / f"{name}.{suffix}")
    plain, doubled = tmp_path / f"plain.{suffix}", tmp_path / f"doubled.{suffix}"
    for image, other in zip(pictures(blender, plain), pictures(blender, doubled), strict=True):
        assert np.array_equal(image, other)


def test_a_ball_in_gltf_is_as_smooth_as_its_normals_say(blender, tmp_path):
    ball = trimesh.creation.icosphere(1, 0.3)
    (tmp_path / "ball.glb").write_bytes(trimesh.exchange.gltf.export_glb(ball.scene(), include_normals=True))
    passes, _ = run(blender, blender_probe.passes, ref_to(tmp_path / "ball.glb"))
    seen = passes["mask"] > 0
    points, normals = passes["nocs"][seen] / 255 - 0.5, passes["normal"][seen] / 127.5 - 1
    cosines = (points * normals).sum(1) / np.linalg.norm(points, axis=1) / np.linalg.norm(normals, axis=1)
    assert cosines.min() > np.cos(np.radians(10))  # each of its eighty flat faces spans more
