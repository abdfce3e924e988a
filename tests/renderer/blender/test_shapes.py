"""Every mesh format through the real Blender: the right solid in the right place, at full precision."""

import blender_probe
import meshes
import numpy as np
import pytest
import solids
import trimesh
from probing import ref_to, run

from iebench.renderer.errors import AssetError

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("suffix", ["obj", "glb", "ply", "stl", "off"])
def test_every_format_stands_alike_normalised_and_centred(blender, tmp_path, suffix):
    solid = meshes.l_shape(up="y" if suffix in ("obj", "glb") else "z")
    solid.export(tmp_path / f"ein L.{suffix}")
    world, _ = run(blender, blender_probe.mesh_points, ref_to(tmp_path / f"ein L.{suffix}"))
    diagonal = np.linalg.norm([0.6, 0.2, 0.5])
    assert np.ptp(world, axis=0) == pytest.approx(np.array([0.6, 0.2, 0.5]) / diagonal, abs=1e-6)
    assert (world.min(0) + world.max(0)) / 2 == pytest.approx(np.zeros(3), abs=1e-6)
    upper = world[world[:, 2] > 0]  # the short block, at the low end of x and of y
    assert upper.max(0)[:2] * diagonal == pytest.approx([-0.1, 0.0], abs=1e-6)
    kept, _ = run(blender, blender_probe.mesh_points, ref_to(tmp_path / f"ein L.{suffix}", normalise=False))
    assert np.ptp(kept, axis=0) == pytest.approx([0.6, 0.2, 0.5], abs=1e-6)


@pytest.mark.parametrize("suffix", ["obj", "ply", "off"])
def test_concave_polygons_are_measured_as_they_are_drawn(blender, tmp_path, suffix):
    path = tmp_path / f"arrow.{suffix}"
    tables = [solids.vertices(), solids.faces(solids.MIXED)]
    texts = {
        "obj": solids.obj(solids.MIXED),
        "off": solids.off(solids.MIXED),
        "ply": solids.ply("ascii", tables).decode(),
    }
    path.write_text(texts[suffix])
    drawn = run(blender, blender_probe.drawn_area, ref_to(path)) * (np.array(solids.EXTENT) ** 2).sum()
    assert drawn == pytest.approx(solids.AREA)


@pytest.mark.parametrize("suffix", ["obj", "ply", "off"])
def test_map_coordinates_cost_no_precision(blender, tmp_path, suffix):
    ball, clouds = trimesh.creation.icosphere(2), []
    for origin in ([0, 0, 0], [448_000, 5_412_000, 100]):
        path = tmp_path / f"{origin[0]}.{suffix}"
        rows = [" ".join(f"{number:.12f}" for number in row) for row in ball.vertices + origin]
        faces = [f"3 {a} {b} {c}" for a, b, c in ball.faces]
        heads = {
            "obj": "",
            "ply": f"ply\nformat ascii 1.0\nelement vertex {len(rows)}\nproperty double x\nproperty double y\n"
            f"property double z\nelement face {len(faces)}\nproperty list uchar int vertex_indices\nend_header\n",
            "off": f"OFF\n{len(rows)} {len(faces)} 0\n",
        }
        if suffix == "obj":
            rows, faces = [f"v {row}" for row in rows], [f"f {a + 1} {b + 1} {c + 1}" for a, b, c in ball.faces]
        path.write_text(heads[suffix] + "\n".join([*rows, *faces]) + "\n")
        clouds.append(run(blender, blender_probe.mesh_points, ref_to(path))[0])
    points, moved = clouds
    assert len(points) == len(moved) and moved == pytest.approx(points, abs=1e-5)


@pytest.mark.parametrize("suffix", ["glb", "ply", "stl"])
def test_a_shape_that_32_bits_have_blurred_is_refused(blender, tmp_path, suffix):
    ball = trimesh.creation.icosphere(2)
    ball.apply_translation([448_000, 5_412_000, 100])
    ball.export(tmp_path / f"far.{suffix}")
    with pytest.raises(AssetError, match=r"^far\.\w+ lies 5\.43e\+06 units from its origin .* move it to its origin"):
        run(blender, blender_probe.mesh_points, ref_to(tmp_path / f"far.{suffix}"))


def test_nodes_within_nodes_put_their_parts_in_place(blender, tmp_path):
    box = trimesh.creation.box(extents=(1, 1, 1))
    scene = trimesh.Scene()
    turn = trimesh.transformations.rotation_matrix(np.pi / 2, (0, 0, 1))
    scene.add_geometry(box, node_name="a", transform=trimesh.transformations.translation_matrix((3, 0, 0)))
    scene.add_geometry(box, node_name="b", parent_node_name="a", transform=turn @ np.diag([2, 1, 1, 1]))
    scene.add_geometry(box, node_name="c", parent_node_name="b", transform=np.diag([-1, 1, 4, 1]))
    scene.export(tmp_path / "a.glb")
    expected = scene.to_mesh()
    world, _ = run(blender, blender_probe.mesh_points, ref_to(tmp_path / "a.glb", normalise=False))
    y_up = expected.vertices[:, [0, 2, 1]] * [1, -1, 1]
    y_up -= (y_up.min(0) + y_up.max(0)) / 2
    assert np.ptp(world, axis=0) == pytest.approx([1, 4, 2])
    corners = {tuple(row) for row in np.round(y_up, 4) + 0.0}
    assert {tuple(row) for row in np.round(world, 4) + 0.0} == corners


def test_a_mirrored_node_shows_its_outside(blender, tmp_path):
    solid = meshes.l_shape(up="y")
    scene = trimesh.Scene()
    scene.add_geometry(solid, transform=np.diag([-1, 1, 1, 1]))
    scene.export(tmp_path / "a.glb")
    assert run(blender, blender_probe.outward, ref_to(tmp_path / "a.glb")) == pytest.approx(
        0.6 * 0.2 * 0.2 + 0.2 * 0.1 * 0.3
    )
