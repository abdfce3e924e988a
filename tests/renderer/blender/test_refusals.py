"""Objects that the real Blender cannot show: each has a cause, and leaves nothing in memory."""

import pickle

import blender_probe
import meshes
import pytest
from PIL import Image
from probing import ref_to, run
from walls import glb_with_texture, holed, obj_with_jpeg, ply_with_texture

from iebench.manifests.views import Views
from iebench.renderer.blender.interface import RefusedMesh
from iebench.renderer.workers.worker import render_all

pytestmark = pytest.mark.slow


def clear_glb(folder):
    tree, body = meshes.textured_plate(None, "gone.png")
    tree["materials"] = [{"alphaMode": "BLEND", "pbrMetallicRoughness": {"baseColorFactor": [1, 0, 0, 0]}}]
    return meshes.write_gltf(folder / "a.glb", tree, body)


def clear_obj(folder):
    return meshes.write_wall(folder, "newmtl w\nKd 1 0 0\nd 0\n")


@pytest.mark.parametrize("make", [clear_obj, clear_glb])
def test_an_invisible_object_is_refused(blender, tmp_path, make):
    path = make(tmp_path)
    error, left_behind = run(blender, blender_probe.failing_load, ref_to(path))
    assert error == f"{path.name} is invisible: all its materials have an opacity of zero"
    assert left_behind <= 0


def test_coverage_counts_faint_surfaces_and_nothing_invisible(blender, tmp_path):
    wall = ref_to(meshes.write_wall(tmp_path / "solid", "newmtl w\nKd 1 0 0\n"))
    speck = ref_to(tmp_path / "speck.ply", normalise=False)
    meshes.plate().apply_scale(1e-4).export(speck.mesh)
    covers, masked = run(blender, blender_probe.shown, wall)
    assert covers and masked > 200
    assert run(blender, blender_probe.shown, wall, trans_x=9.0) == (False, 0)
    assert run(blender, blender_probe.shown, speck) == (False, 0)
    assert run(blender, blender_probe.shown, ref_to(holed(tmp_path, 0))) == (False, 0)
    covers, faint = run(blender, blender_probe.shown, ref_to(holed(tmp_path, 40)))
    assert covers and 0 < faint < masked / 2
    assert run(blender, blender_probe.shown, ref_to(holed(tmp_path, 200))) == (True, masked)


def test_an_object_that_covers_no_pixel_is_a_failure(blender, tmp_path):
    away = {
        "trans_x": [9.0, 0.0],
        **{name: [value] * 2 for name, value in blender_probe.REST.items() if name != "trans_x"},
    }
    views = Views((0, 1), away)
    for level, status in ((0, "failed"), (2, "ok"), (200, "ok")):
        outcome = run(blender, render_all, ref_to(holed(tmp_path, level)), views)
        assert (outcome.status, outcome.inspection["triangles"], len(outcome.mesh_sha256)) == (status, 12, 64)
        assert len(outcome.samples) == len(outcome.views.numbers) == (0 if status == "failed" else 2)
    failed = run(
        blender,
        render_all,
        ref_to(holed(tmp_path, 200)),
        Views((0,), {name: values[:1] for name, values in away.items()}),
    )
    assert failed.cause.startswith("wall.obj covers no pixel in any of its 1 views: ")


def test_a_refusal_of_blender_is_a_cause_and_leaves_nothing(blender, tmp_path):
    tree, body = meshes.textured_plate(meshes.write_image(tmp_path / "t.png").read_bytes())
    tree["materials"][0]["pbrMetallicRoughness"]["metallicFactor"] = "much"
    path = meshes.write_gltf(tmp_path / "a.glb", tree, body)
    error, left_behind = run(blender, blender_probe.failing_load, ref_to(path))
    assert error.startswith("a.glb is refused by Blender's importer: ")
    assert "\n" not in error
    assert left_behind <= 0


def test_a_cause_carries_the_information_about_the_mesh(blender, tmp_path):
    (tmp_path / "a.obj").write_text("v nan 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    info = run(blender, blender_probe.refused_info, ref_to(tmp_path / "a.obj"))
    assert info.report.bad_vertices == 1
    assert len(info.sha256) == 64
    again = pickle.loads(pickle.dumps(RefusedMesh("x", info)))
    assert (str(again), again.info) == ("x", info)


def test_swapping_formats_leaves_nothing_behind(blender, tmp_path):
    for make in (glb_with_texture, ply_with_texture, obj_with_jpeg):
        counts = run(blender, blender_probe.data_counts, ref_to(make(tmp_path)), 5)
        assert counts[1:] == [counts[1]] * 4


def test_textures_of_objects_gone_by_are_not_kept(blender, tmp_path):
    Image.new("RGB", (2048, 2048), meshes.RED).save(tmp_path / "t.png")
    path = meshes.write_wall(tmp_path, "newmtl w\nmap_Kd t.png\n")
    memory = run(blender, blender_probe.resident_mb, ref_to(path), 8)
    assert memory[-1] - memory[3] < 20  # a picture of this size takes 17 MB; the first swaps fill what is kept for good
