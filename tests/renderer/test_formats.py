"""Every mesh format and variant through the real Blender: the right solid, the right colour, never magenta."""

import pickle
import shutil
from dataclasses import replace

import blender_probe
import meshes
import numpy as np
import pytest
import solids
import trimesh
from PIL import Image

from iebench.manifests.taxonomy import choose
from iebench.manifests.views import Views
from iebench.renderer.blender.interface import RefusedMesh
from iebench.renderer.errors import AssetError
from iebench.renderer.sources import ObjectRef, ShapeNet
from iebench.renderer.workers.worker import render_all

pytestmark = pytest.mark.slow


def run(pool, function, *args, **kwargs):
    return pool.schedule(function, args=args, kwargs=kwargs).result()


def ref_to(path, normalise=True):
    return ObjectRef("s", "o", "c", 0, "train", str(path), path=path.name, normalise=normalise)


def middle(pool, path):
    """Return a wall's mesh information, and the mean colour of the picture's middle, where the wall is."""
    folder = path.parent.parent if path.parent.name == "models" else path.parent
    info, picture = run(pool, blender_probe.look, replace(ref_to(path), folder=str(folder)))
    return info, picture[28:36, 28:36].reshape(-1, 3).mean(0)


def is_red(color):
    return color[0] > 2 * color[1] and color[0] > 2 * color[2]


def is_magenta(color):
    return color[0] > 1.3 * color[1] and color[2] > 1.3 * color[1]


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
def test_what_is_drawn_of_concave_polygons_is_what_is_measured(blender, tmp_path, suffix):
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
    ball, found = trimesh.creation.icosphere(2), []
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
        found.append(run(blender, blender_probe.mesh_points, ref_to(path))[0])
    points, moved = found
    assert len(points) == len(moved) and moved == pytest.approx(points, abs=1e-5)


@pytest.mark.parametrize("suffix", ["glb", "ply", "stl"])
def test_a_shape_that_32_bits_have_blurred_is_refused(blender, tmp_path, suffix):
    ball = trimesh.creation.icosphere(2)
    ball.apply_translation([448_000, 5_412_000, 100])
    ball.export(tmp_path / f"far.{suffix}")
    with pytest.raises(AssetError, match=r"^far\.\w+ lies 5\.43e\+06 units from its origin .* move it to its origin"):
        run(blender, blender_probe.mesh_points, ref_to(tmp_path / f"far.{suffix}"))


def ply_with_texture(folder):
    meshes.write_image(folder / "t.png")
    solid = meshes.plate(color=None)
    rows = "\n".join(f"{x} {y} {z} {x + 0.5} {z + 0.5}" for x, y, z in solid.vertices)
    faces = "\n".join(f"3 {a} {b} {c}" for a, b, c in solid.faces)
    (folder / "a.ply").write_text(
        "ply\nformat ascii 1.0\ncomment TextureFile t.png\nelement vertex 8\nproperty float x\nproperty float y\n"
        "property float z\nproperty float s\nproperty float t\nelement face 12\n"
        f"property list uchar int vertex_indices\nend_header\n{rows}\n{faces}\n"
    )
    return folder / "a.ply"


def ply_with_two_textures(folder):
    """As MeshLab writes it: texture coordinates of corners, and a texture number for each face."""
    Image.new("RGB", (4, 4), (0, 0, 255)).save(folder / "blue.png")
    meshes.write_image(folder / "red.png")
    solid = meshes.plate(color=None)
    ahead = (np.abs(solid.face_normals[:, 1]) > 0.9).astype(int)
    places = [[0.5, 0.5] * 3] * len(solid.faces)
    rows = [(face.tolist(), place, number) for face, place, number in zip(solid.faces, places, ahead, strict=True)]
    properties = ["list uchar int vertex_indices", "list uchar float texcoord", "int texnumber"]
    comments = [f"comment TextureFile {name}.png" for name in ("blue", "red")]
    tables = [solids.vertices(solid.vertices.tolist()), ("face", properties, rows)]
    (folder / "a.ply").write_bytes(solids.ply("binary_little_endian", tables, comments=comments))
    return folder / "a.ply"


def obj_with_vertex_colors(folder):
    lines = [f"{line} 1 0 0" if line.startswith("v ") else line for line in meshes.PLATE.splitlines()]
    (folder / "a.obj").write_text(meshes.TEXTURE_CORNERS + "\n".join(lines) + "\n")
    return folder / "a.obj"


def gltf_beside(folder):
    meshes.write_image(folder / "tex tures" / "ä.jpg", quality=95)
    tree, body = meshes.textured_plate(None, "tex%20tures/ä.jpg")
    (folder / "ein puffer.bin").write_bytes(body)
    tree["buffers"][0]["uri"] = "ein%20puffer.bin"
    return meshes.write_gltf(folder / "a b.gltf", tree)


def glb_with_texture(folder):
    tree, body = meshes.textured_plate(meshes.write_image(folder / "t.png").read_bytes())
    return meshes.write_gltf(folder / "a.glb", tree, body)


def glb_in_webp(folder):
    tree, body = meshes.textured_plate(meshes.write_image(folder / "t.webp", lossless=True).read_bytes())
    tree["textures"] = [{"extensions": {"EXT_texture_webp": {"source": 0}}}]
    tree["extensionsUsed"] = tree["extensionsRequired"] = ["EXT_texture_webp"]
    return meshes.write_gltf(folder / "a.glb", tree, body)


def obj_in_utf16(folder):
    meshes.write_image(folder / "ein Bild.png")
    return meshes.write_wall(folder, "newmtl w\nmap_Kd ein Bild.png\n", "größe 字", "mit lücke.mtl", "utf-16")


def obj_with_latin1_library(folder):
    meshes.write_image(folder / "grün.png")
    path = meshes.write_wall(folder, "")
    (folder / "wall.mtl").write_bytes("# für\nnewmtl w\nmap_Kd grün.png\n".encode("latin-1"))
    return path


def obj_with_jpeg(folder):
    meshes.write_image(folder / "images" / "t.jpg", quality=95)
    return meshes.write_wall(folder / "models", "newmtl w\nmap_Kd ../images/t.jpg\n")


def obj_with_186_materials(folder):
    colors = ["1 0 0" if i == 185 else "0 0 1" for i in range(186)]
    library = "".join(f"newmtl m{i}\nKd {color}\nKs 0 0 0\n" for i, color in enumerate(colors))
    (folder / "a.mtl").write_text(library)
    far = "".join(f"usemtl m{i}\nf {3 * i + 1} {3 * i + 2} {3 * i + 3}\n" for i in range(185))
    specks = "".join(f"v {x} -0.4 0\nv {x} -0.399 0\nv {x} -0.4 0.001\n" for x in np.linspace(-0.4, 0.4, 185))
    plate = meshes.block((-0.4, -0.4, -0.02), (0.4, 0.4, 0.02), 3 * 185 + 1)
    (folder / "a.obj").write_text(f"mtllib a.mtl\n{meshes.TEXTURE_CORNERS}{specks}{far}usemtl m185\n{plate}")
    return folder / "a.obj"


def exported(suffix, **options):
    def make(folder):
        meshes.plate(up="y" if suffix == "glb" else "z", **options).export(folder / f"a.{suffix}")
        return folder / f"a.{suffix}"

    return make


RED_WALLS = {
    "glb vertex colours": exported("glb"),
    "ply vertex colours": exported("ply"),
    "ply face colours": exported("ply", by="face"),
    "obj vertex colours": obj_with_vertex_colors,
    "ply texture": ply_with_texture,
    "ply with two textures": ply_with_two_textures,
    "glb texture": glb_with_texture,
    "glb webp texture": glb_in_webp,
    "gltf with files beside it": gltf_beside,
    "obj jpeg in ../images": obj_with_jpeg,
    "obj in utf-16 with spaces": obj_in_utf16,
    "obj with latin-1 library": obj_with_latin1_library,
    "obj with 186 materials": obj_with_186_materials,
}


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


def clear_glb(folder):
    tree, body = meshes.textured_plate(None, "gone.png")
    tree["materials"] = [{"alphaMode": "BLEND", "pbrMetallicRoughness": {"baseColorFactor": [1, 0, 0, 0]}}]
    return meshes.write_gltf(folder / "a.glb", tree, body)


def clear_obj(folder):
    return meshes.write_wall(folder, "newmtl w\nKd 1 0 0\nd 0\n")


@pytest.mark.parametrize("make", [clear_obj, clear_glb])
def test_what_no_view_can_show_is_refused(blender, tmp_path, make):
    path = make(tmp_path)
    error, left_behind = run(blender, blender_probe.failing_load, ref_to(path))
    assert error == f"{path.name} is invisible: all its materials have an opacity of zero"
    assert left_behind <= 0


def holed(folder, level):
    """Write a wall whose opacity map has one level everywhere."""
    Image.new("L", (8, 8), level).save(folder / "o.png")
    return meshes.write_wall(folder, "newmtl w\nKd 1 0 0\nmap_d o.png\n")


def test_coverage_counts_what_is_faint_and_nothing_that_is_not_there(blender, tmp_path):
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


def test_what_no_view_shows_is_a_failure(blender, tmp_path):
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


def test_what_blender_refuses_is_a_cause_and_leaves_nothing(blender, tmp_path):
    tree, body = meshes.textured_plate(meshes.write_image(tmp_path / "t.png").read_bytes())
    tree["materials"][0]["pbrMetallicRoughness"]["metallicFactor"] = "much"
    path = meshes.write_gltf(tmp_path / "a.glb", tree, body)
    error, left_behind = run(blender, blender_probe.failing_load, ref_to(path))
    assert error.startswith("a.glb is refused by Blender's importer: ")
    assert "\n" not in error
    assert left_behind <= 0


def test_swapping_formats_leaves_nothing_behind(blender, tmp_path):
    for make in (glb_with_texture, ply_with_texture, obj_with_jpeg):
        counts = run(blender, blender_probe.data_counts, ref_to(make(tmp_path)), 5)
        assert counts[1:] == [counts[1]] * 4


def test_textures_of_objects_gone_by_are_not_kept(blender, tmp_path):
    Image.new("RGB", (2048, 2048), meshes.RED).save(tmp_path / "t.png")
    path = meshes.write_wall(tmp_path, "newmtl w\nmap_Kd t.png\n")
    memory = run(blender, blender_probe.resident_mb, ref_to(path), 8)
    assert memory[-1] - memory[3] < 20  # a picture of this size takes 17 MB; the first swaps fill what is kept for good


def test_a_cause_carries_what_was_found(blender, tmp_path):
    (tmp_path / "a.obj").write_text("v nan 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    info = run(blender, blender_probe.refused_info, ref_to(tmp_path / "a.obj"))
    assert info.report.bad_vertices == 1
    assert len(info.sha256) == 64
    again = pickle.loads(pickle.dumps(RefusedMesh("x", info)))
    assert (str(again), again.info) == ("x", info)


def test_the_diffuse_part_of_a_material_is_as_rough_as_the_recipe_says(blender, tmp_path):
    """`worker` renders by the recipe 3diebench, which uses a fifth of each material's roughness."""
    for exponent in (1, 90, 700):
        path = meshes.write_wall(tmp_path, f"newmtl w\nKd 1 0 0\nNs {exponent}\n")
        ((roughness, diffuse),) = run(blender, blender_probe.roughnesses, ref_to(path))
        assert roughness == pytest.approx(1 - np.sqrt(exponent / 1000), abs=0.01)
        assert diffuse == pytest.approx(roughness / 5)
