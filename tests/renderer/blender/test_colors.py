"""Every mesh format through the real Blender: the right colour, never magenta."""

import shutil

import blender_probe
import meshes
import numpy as np
import pytest
from probing import is_magenta, is_red, middle, ref_to, run
from walls import RED_WALLS, glb_with_texture, obj_with_186_materials, ply_with_texture

from iebench.manifests.taxonomy import choose
from iebench.renderer.sources.shapenet import ShapeNet

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("make", RED_WALLS.values(), ids=RED_WALLS)
def test_colours_reach_the_pixels(blender, tmp_path, make):
    info, color = middle(blender, make(tmp_path))
    assert (info.status, info.missing) == ("ok", ())
    assert is_red(color)
    if make is obj_with_186_materials:
        assert info.materials == 186


def outside(folder):
    meshes.write_image(folder.parent / "outside.png")
    return "../../outside.png"


def absolute(folder):
    return str(meshes.write_image(folder.parent / "outside.png"))


def corrupt(folder):
    (folder / "t.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    return "t.jpg"


def bomb(folder):
    meshes.huge_png(folder / "t.png")
    return "t.png"


@pytest.mark.parametrize("make", [outside, absolute, corrupt, bomb, lambda folder: "gone.png"])
@pytest.mark.parametrize("kind", ["obj", "gltf", "ply"])
def test_a_texture_that_cannot_be_used_is_plain_and_recorded(blender, tmp_path, make, kind):
    folder = tmp_path / "c"
    folder.mkdir()
    name = make(folder)
    if kind == "obj":
        path = meshes.write_wall(folder, f"newmtl w\nKd 0 1 0\nKs 0 0 0\nmap_Kd {name}\n")
    elif kind == "gltf":
        tree, body = meshes.textured_plate(None, name)
        path = meshes.write_gltf(folder / "a.glb", tree, body)
    else:
        path = ply_with_texture(folder)
        path.write_text(path.read_text().replace("TextureFile t.png", f"TextureFile {name}"))
        if name == "t.png":
            make(folder)
    info, color = middle(blender, path)
    assert (info.status, info.missing, info.textures) == ("texture missing", (name,), 0)
    assert not is_red(color)
    assert not is_magenta(color)


def test_d_below_one_lets_the_floor_through(blender, tmp_path):
    colors = {}
    for d in (1.0, 0.3):
        path = meshes.write_wall(tmp_path / str(d), f"newmtl w\nKd 0 0 0\nKs 0 0 0\nd {d}\n")
        colors[d] = middle(blender, path)[1]
    assert colors[0.3].mean() > colors[1.0].mean() + 30


def test_draco_is_unpacked(blender, tmp_path):
    pytest.importorskip("DracoPy", reason="comes with iebench[render]")
    image = meshes.write_image(tmp_path / "t.png").read_bytes()
    path = meshes.draco_plate(tmp_path / "packed.glb", image)
    assert b"KHR_draco_mesh_compression" in path.read_bytes()
    info, color = middle(blender, path)
    assert (info.status, info.report.triangles, info.textures) == ("ok", 4, 1)
    assert is_red(color)
    plain, _ = run(blender, blender_probe.mesh_points, ref_to(glb_with_texture(tmp_path)))
    world, _ = run(blender, blender_probe.mesh_points, ref_to(path))
    assert np.ptp(world, axis=0) == pytest.approx(np.ptp(plain, axis=0), abs=1e-3)
    cut = path.read_bytes().replace(b"DRACO", b"DRECO")
    path.write_bytes(cut)
    error, _ = run(blender, blender_probe.failing_load, ref_to(path))
    assert "Draco data that cannot be decoded" in error


def test_a_zip_file_gives_the_pictures_of_the_folder(blender, shapenet, tmp_path):
    shutil.make_archive(str(tmp_path / "03797390"), "zip", shapenet, "03797390")
    for loose, packed in list(
        zip(*(ShapeNet(p).objects(choose("mug"), None) for p in (shapenet, tmp_path)), strict=True)
    )[:3]:
        (info, picture), (packed_info, packed_picture) = (
            run(blender, blender_probe.look, ref) for ref in (loose, packed)
        )
        assert info == packed_info
        assert np.array_equal(picture, packed_picture)


def test_the_diffuse_part_of_a_material_is_as_rough_as_the_recipe_says(blender, tmp_path):
    """`worker` renders by the recipe 3diebench, which uses a fifth of each material's roughness."""
    for exponent in (1, 90, 700):
        path = meshes.write_wall(tmp_path, f"newmtl w\nKd 1 0 0\nNs {exponent}\n")
        ((roughness, diffuse),) = run(blender, blender_probe.roughnesses, ref_to(path))
        assert roughness == pytest.approx(1 - np.sqrt(exponent / 1000), abs=0.01)
        assert diffuse == pytest.approx(roughness / 5)
