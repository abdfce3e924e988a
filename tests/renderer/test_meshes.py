"""Meshes are copied clean, within limits and inspected; none of it needs Blender."""

import codecs
import io
import json
import re
import struct
import tempfile
import zipfile
from pathlib import Path

import meshes
import numpy as np
import pytest
import trimesh
from PIL import Image

from iebench.manifests.taxonomy import choose
from iebench.renderer.errors import AssetError
from iebench.renderer.meshes import obj
from iebench.renderer.meshes.clean import clean_copy
from iebench.renderer.meshes.inspect import inspect, read
from iebench.renderer.meshes.text import utf8_blocks
from iebench.renderer.meshes.textures import resolve
from iebench.renderer.sources import Folder, ObjectRef, ShapeNet

KD = "newmtl w\nKd 0 1 0\n"


def ref_to(path, folder=None):
    return ObjectRef("s", "o", "c", 0, "train", str(path), folder=folder and str(folder), path=Path(path).name)


def cleaned(ref):
    """The clean mesh, trimesh's report on it, and the staged OBJ and MTL text if it is one."""
    with clean_copy(ref) as mesh:
        texts = [path.read_text() for path in (mesh.path, mesh.path.with_suffix(".mtl")) if mesh.path.suffix == ".obj"]
        return mesh, inspect(read(mesh)), texts


def cause(ref):
    with pytest.raises(AssetError) as caught:
        cleaned(ref)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_report_says_how_a_mesh_is():
    solid = meshes.l_shape()
    found = inspect(solid)
    assert (found.vertices, found.triangles, found.bad_vertices, found.flat_faces) == (16, 24, 0, 0)
    assert found.watertight
    assert found.extent == pytest.approx((0.6, 0.2, 0.5))
    assert found.problem is None
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


@pytest.mark.parametrize(
    ("encode", "text"),
    [
        (lambda t: t.encode("utf-16"), "ä 字"),
        (lambda t: codecs.BOM_UTF16_BE + t.encode("utf-16-be"), "ä 字"),
        (lambda t: t.encode("utf-16-le"), "ä 字"),
        (lambda t: codecs.BOM_UTF8 + t.encode(), "ä 字"),
        (lambda t: t.encode("latin-1"), "ä é"),
        (lambda t: t.replace("\n", "\r\n").encode(), "ä 字"),
        (lambda t: t.replace("\n", "\r").encode(), "ä 字"),
    ],
    ids=["utf-16", "utf-16-be", "utf-16 without mark", "utf-8 with mark", "latin-1", "windows", "old mac"],
)
def test_text_of_any_origin_is_read(tmp_path, encode, text):
    content = f"# {text}\nmtllib lib {text}.mtl\nusemtl {text}\n{meshes.TEXTURE_CORNERS}{meshes.PLATE}"
    (tmp_path / "a.obj").write_bytes(encode(content))
    (tmp_path / f"lib {text}.mtl").write_bytes(encode(f"newmtl {text}\nKd 1 0 0\n"))
    mesh, report, (clean, library) = cleaned(ref_to(tmp_path / "a.obj"))
    assert report.triangles == 12
    assert f"usemtl {text}\n" in clean
    assert f"newmtl {text}\n" in library
    assert mesh.missing == ()


def test_a_long_file_is_cut_at_line_ends_only(tmp_path, monkeypatch):
    monkeypatch.setattr("iebench.renderer.meshes.text.BLOCK", 7)
    lines = [f"v {i} é 0" for i in range(200)]
    for end in ("\n", "\r\n"):
        (tmp_path / "a.obj").write_bytes(end.join(lines).encode())
        blocks = list(utf8_blocks(tmp_path / "a.obj"))
        assert [line for line in b"".join(blocks).decode().split("\n") if line] == lines
        assert all(block.endswith(b"\n") for block in blocks)


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("map_Kd a.png", "map_Kd t0.png"),
        ("\tmap_Kd  a.png ", "map_Kd t0.png"),
        ("map_Kd -s 2 2 1 -o 0.5 0 0 a.png", "map_Kd -s 2 2 1 -o 0.5 0 0 t0.png"),
        ("bump -bm 0.2 a.png", "bump -bm 0.2 t0.png"),
        ("map_Kd -mm 0 1 with spaces.png", "map_Kd -mm 0 1 t0.png"),
        ('map_Kd "a.png"', "map_Kd t0.png"),
        (r"map_Kd .\tex\b.png", "map_Kd t0.png"),
        (r"map_Kd C:\Users\me\tex\a.png", "map_Kd t0.png"),
        ("map_Kd gone/a.png", "map_Kd t0.png"),
        ("map_Ka a.png", None),  # Blender does not draw it
    ],
)
def test_a_texture_is_found_as_blender_finds_it(tmp_path, line, kept):
    for name in ("a.png", "with spaces.png", "tex/b.png"):
        meshes.write_image(tmp_path / name)
    path = meshes.write_wall(tmp_path, f"{KD}{line}\nKs 0 0 0\n")
    mesh, _, (_, library) = cleaned(ref_to(path))
    assert library.splitlines() == [*KD.splitlines(), *([kept] if kept else []), "Ks 0 0 0"]
    assert mesh.missing == ()
    assert mesh.textures == (1 if kept else 0)


def test_a_texture_outside_is_never_read_but_missed(tmp_path):
    secret = meshes.write_image(tmp_path / "secret.png")
    inside = tmp_path / "class" / "object"
    named = ["../../secret.png", str(secret), f"../object/../../../{tmp_path.name}/secret.png", "file://" + str(secret)]
    lines = "".join(f"newmtl m{i}\nmap_Kd {name}\n" for i, name in enumerate(named))
    path = meshes.write_wall(inside / "models", lines)
    mesh, _, (_, library) = cleaned(ref_to(path, inside))
    assert "secret" not in library
    assert mesh.missing == tuple(named)
    assert mesh.textures == 0
    assert resolve(inside, inside / "models", "../models/wall.mtl") == inside / "models" / "wall.mtl"
    for name in ("../../../../etc/passwd", "/etc/passwd", "\0", "x" * 5000, "..", ""):
        assert resolve(inside, inside / "models", name) is None


def test_a_collection_may_be_named_from_elsewhere(tmp_path, monkeypatch):
    meshes.write_image(tmp_path / "all" / "c" / "o" / "images" / "t.png")
    meshes.write_wall(tmp_path / "all" / "c" / "o" / "models", f"{KD}map_Kd ../images/t.png\n")
    (tmp_path / "here").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "all")
    monkeypatch.chdir(tmp_path / "here")
    for place in ("../all", "../link", "../here/../all/."):
        source = Folder(Path(place))
        mesh, _, _ = cleaned(source.objects(source.classes(), None)[0])
        assert (mesh.textures, mesh.missing) == (1, ())


def test_a_material_library_outside_is_not_read(tmp_path):
    (tmp_path / "secret.mtl").write_text("newmtl secret\n")
    (tmp_path / "o").mkdir()
    (tmp_path / "o" / "a.obj").write_text(f"mtllib ../secret.mtl\n{meshes.TEXTURE_CORNERS}{meshes.PLATE}")
    mesh, _, texts = cleaned(ref_to(tmp_path / "o" / "a.obj"))
    assert "secret" not in "".join(texts)
    assert mesh.missing == ("../secret.mtl",)


@pytest.mark.parametrize("damage", ["truncated", "text", "empty", "bomb", "folder"])
@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_a_texture_that_cannot_be_decoded_is_missed(tmp_path, damage, suffix):
    picture = tmp_path / f"t.{suffix}"
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 255, (64, 64, 3), np.uint8)).save(picture)
    if damage == "folder":
        picture.unlink()
        picture.mkdir()
    elif damage == "bomb":
        meshes.huge_png(picture)
    else:
        raw = picture.read_bytes()
        picture.write_bytes({"truncated": raw[: len(raw) // 2], "text": b"not a picture", "empty": b""}[damage])
    mesh, _, (_, library) = cleaned(ref_to(meshes.write_wall(tmp_path, f"{KD}map_Kd t.{suffix}\n")))
    assert mesh.missing == (f"t.{suffix}",)
    assert "map_Kd" not in library


def test_formats_that_blender_lacks_become_png(tmp_path):
    Image.new("P", (4, 4)).save(tmp_path / "t.gif")
    with clean_copy(ref_to(meshes.write_wall(tmp_path, f"{KD}map_Kd t.gif\n"))) as mesh:
        assert mesh.path.with_name("t0.png").read_bytes().startswith(b"\x89PNG")


def test_the_clean_copy_is_gone_afterwards(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    path = meshes.write_wall(tmp_path / "o", KD)
    cleaned(ref_to(path))
    path.write_text("v 0 0")
    cause(ref_to(path))
    assert list((tmp_path / "tmp").iterdir()) == []


def glb(tmp_path, change=lambda tree: None, body=None, suffix="glb"):
    png = io.BytesIO()
    Image.new("RGB", (4, 4), meshes.RED).save(png, "PNG")
    tree, content = meshes.textured_plate(png.getvalue())
    change(tree)
    return meshes.write_gltf(tmp_path / f"a.{suffix}", tree, content if body is None else body)


def test_a_glb_keeps_geometry_and_textures_and_loses_what_is_not_the_object(tmp_path):
    def change(tree):
        tree["cameras"], tree["animations"] = [{"type": "perspective"}], [{"channels": [], "samplers": []}]
        tree["nodes"].append({"camera": 0, "extensions": {"KHR_lights_punctual": {"light": 0}}})
        tree["extensions"] = {"KHR_lights_punctual": {"lights": [{"type": "point"}]}}
        tree["extensionsUsed"] = ["KHR_lights_punctual"]

    with clean_copy(ref_to(glb(tmp_path, change))) as mesh:
        text = mesh.path.read_text()
        assert inspect(read(mesh)).triangles == 4
        assert (mesh.textures, mesh.missing) == (1, ())
        assert (mesh.path.parent / json.loads(text)["images"][0]["uri"]).is_file()
    assert "camera" not in text
    assert "lights" not in text
    assert "animations" not in text


def nested(tree):
    tree["nodes"] = [{"children": [1]}, {"children": [0], "mesh": 0}]


def copied(tree):
    tree["accessors"][2]["count"] = 300_000
    tree["nodes"] = [{"children": list(range(1, 61))}, *({"mesh": 0} for _ in range(60))]


def edit(**changes):
    return lambda tree: tree.update(changes)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (edit(asset={"version": "1.0"}), "is glTF 1.0: only 2.0 can be read"),
        (nested, "two parents, or is within itself"),
        (copied, "6,000,000 faces, over the limit of 5,000,000"),
        (lambda tree: tree["accessors"][2].update(count=30_000_000), "10,000,000 faces"),
        (lambda tree: tree["accessors"][0].update(count=10**12), "accessor elements, over the limit"),
        (edit(meshes=[]), "no valid glTF"),
        (edit(scenes=[{"nodes": []}]), "holds no faces"),
        (lambda tree: tree["buffers"].append({"uri": "../../etc/passwd", "byteLength": 1}), "not in its folder"),
        (lambda tree: tree["buffers"][0].update(byteLength=10**6), "is cut short"),
        (lambda tree: tree["accessors"][2].update(bufferView=77), "cannot be read"),
        (edit(nodes="x"), "no valid glTF"),
    ],
)
def test_a_gltf_that_cannot_be_used_is_refused_with_its_cause(tmp_path, change, words):
    assert re.search(words, cause(ref_to(glb(tmp_path, change))))


def test_gltf_textures_outside_or_damaged_are_missed(tmp_path):
    meshes.write_image(tmp_path / "secret.png")
    tree, body = meshes.textured_plate(None, "../secret.png")
    path = meshes.write_gltf(tmp_path / "o" / "a.glb", tree, body)
    with clean_copy(ref_to(path)) as mesh:
        assert mesh.missing == ("../secret.png",)
        assert "Texture" not in mesh.path.read_text()
    tree, body = meshes.textured_plate(b"no picture")
    tree["images"][0]["name"] = "skin"
    with clean_copy(ref_to(meshes.write_gltf(tmp_path / "b.glb", tree, body))) as mesh:
        assert mesh.missing == ("skin",)
    tree, body = meshes.textured_plate(None, "a.png")
    tree["textures"][0]["source"] = 7
    with clean_copy(ref_to(meshes.write_gltf(tmp_path / "c.glb", tree, body))) as mesh:
        assert "texture 0" in mesh.missing


def test_ten_million_faces_are_refused_before_they_are_parsed(tmp_path, monkeypatch):
    (tmp_path / "a.obj").write_bytes(b"v 0 0 0\nv 1 0 0\nv 0 1 0\n" + b"f 1 2 3\n" * 10_000_000)
    assert "over the limit of 5,000,000" in cause(ref_to(tmp_path / "a.obj"))
    (tmp_path / "b.obj").write_bytes(b"  v 0 0 0\n" * 3 + b"\tf 1 2 3\n" * 1001)
    with monkeypatch.context() as patch:
        patch.setattr(obj, "FACES", 1000)
        assert "over the limit of 1,000" in cause(ref_to(tmp_path / "b.obj"))
    with (tmp_path / "a.stl").open("wb") as file:
        file.write(bytes(80) + struct.pack("<I", 10_000_000))
        file.truncate(84 + 50 * 10_000_000)  # a file with a hole: it takes no space
    assert "10,000,000 faces" in cause(ref_to(tmp_path / "a.stl"))
    (tmp_path / "b.stl").write_bytes(b"solid x\n" + b"facet normal 0 0 0\n" * 5_000_001)
    assert "over the limit of 5,000,000" in cause(ref_to(tmp_path / "b.stl"))
    (tmp_path / "a.ply").write_bytes(b"ply\nformat ascii 1.0\nelement vertex 3\nelement face 10000000\nend_header\n")
    assert "10,000,000 faces" in cause(ref_to(tmp_path / "a.ply"))
    (tmp_path / "a.off").write_bytes(b"OFF # faces follow\n3 10000000 0\n")
    assert "10,000,000 faces" in cause(ref_to(tmp_path / "a.off"))
    with (tmp_path / "c.obj").open("wb") as file:
        file.truncate(3_000_000_000)
    assert "3,000,000,000 bytes" in cause(ref_to(tmp_path / "c.obj"))


OBJECT = "03797390/abc"


def zipped(tmp_path, members, change=lambda infos: None):
    """A ref into a zip file; `change` edits what its directory says."""
    with zipfile.ZipFile(tmp_path / "03797390.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        change(archive.infolist())
    mesh = f"{OBJECT}/models/model_normalized.obj"
    return ObjectRef("03797390", "abc", "mug", 0, "train", mesh, str(tmp_path / "03797390.zip"), OBJECT, mesh)


def good_members():
    text, mtl = meshes.wall("t.png")
    png = io.BytesIO()
    Image.new("RGB", (4, 4)).save(png, "PNG")
    return {
        f"{OBJECT}/models/model_normalized.obj": "mtllib model_normalized.mtl\n" + text,
        f"{OBJECT}/models/model_normalized.mtl": mtl,
        f"{OBJECT}/images/t.png": png.getvalue(),
        "03797390/other/models/model_normalized.obj": "",
    }


def test_an_object_in_a_zip_file_comes_out_with_its_textures_alone(tmp_path):
    mesh, report, _ = cleaned(zipped(tmp_path, good_members()))
    assert (mesh.textures, mesh.missing, report.triangles) == (1, (), 12)
    assert mesh.name == f"{OBJECT}/models/model_normalized.obj"
    (tmp_path / "other").mkdir()
    assert "has no members" in cause(zipped(tmp_path / "other", {"03797390/x/a": ""}))


@pytest.mark.parametrize("name", ["../../evil.obj", "../b/x.obj", "models\\..\\..\\evil"])
def test_a_member_that_leaves_its_folder_is_refused(tmp_path, name):
    (tmp_path / "z").mkdir()
    ref = zipped(tmp_path / "z", {**good_members(), f"{OBJECT}/{name}": "x"})
    assert "leaves its folder" in cause(ref)
    assert not list(tmp_path.rglob("evil*"))


def test_a_link_in_a_zip_file_is_refused(tmp_path):
    def link(infos):
        infos[2].external_attr = 0o120777 << 16

    assert "leaves its folder" in cause(zipped(tmp_path, good_members(), link))


def test_a_zip_file_that_expands_without_end_is_refused(tmp_path):
    def huge(infos):
        infos[0].file_size = 100 << 30

    assert "107,374,182,400 bytes" in cause(zipped(tmp_path, good_members(), huge))


def test_zeros_packed_a_thousandfold_are_refused(tmp_path):
    assert "limit of 500 to 1" in cause(zipped(tmp_path, {**good_members(), f"{OBJECT}/zeros": bytes(50_000_000)}))


def test_many_members_are_refused(tmp_path):
    assert "10,004 members" in cause(zipped(tmp_path, {f"{OBJECT}/{i}": "" for i in range(10_001)} | good_members()))


@pytest.mark.parametrize("damage", ["cut", "flipped", "nothing"])
def test_a_damaged_zip_file_is_one_sentence(tmp_path, damage):
    ref = zipped(tmp_path, good_members())
    path = Path(ref.archive)
    raw = bytearray(path.read_bytes())
    raw[60:70] = b"0123456789" if damage == "flipped" else raw[60:70]
    path.write_bytes({"cut": raw[: len(raw) // 2], "flipped": raw, "nothing": b""}[damage])
    assert "cannot read 03797390.zip/03797390/abc" in cause(ref)


def test_folders_without_a_mesh_or_with_several_say_so(tmp_path):
    for name in ("none", "two", "one"):
        (tmp_path / "c" / name).mkdir(parents=True)
    for name in ("two/a.obj", "two/b.obj", "one/x.obj"):
        (tmp_path / "c" / name).write_text(meshes.TEXTURE_CORNERS + meshes.PLATE)
    source = Folder(tmp_path)
    found = {ref.object_id: ref for ref in source.objects(source.classes(), None)}
    assert cleaned(found["one"])[1].triangles == 12
    assert "no mesh file in none" in cause(found["none"])
    assert "two holds 2 meshes (a.obj, b.obj)" in cause(found["two"])


def test_absent_shapenet_objects_are_named_by_their_place(shapenet):
    ref = ShapeNet(shapenet).objects(choose("mug"), None)[10]
    assert cause(ref) == f"no mesh file 03797390/{ref.object_id}/models/model_normalized.obj"


@pytest.mark.parametrize("suffix", ["ply", "off"])
@pytest.mark.parametrize("lines", [1, 4, 7])
def test_text_that_ends_before_its_header_says_is_refused(tmp_path, suffix, lines):
    solid, path = meshes.l_shape(up="z"), tmp_path / f"a.{suffix}"
    text = solid.export(file_type=suffix, **({"encoding": "ascii"} if suffix == "ply" else {}))
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    cleaned(ref_to(path))
    path.write_text("\n".join(path.read_text().strip().split("\n")[:-lines]) + "\n\n# end\n")
    assert "cut short" in cause(ref_to(path))


@pytest.mark.parametrize("change", [lambda raw: raw[:-20], lambda raw: raw + b"tail"])
def test_a_binary_stl_of_another_length_than_its_header_says_is_refused(tmp_path, change):
    meshes.l_shape(up="z").export(tmp_path / "a.stl")
    (tmp_path / "a.stl").write_bytes(change((tmp_path / "a.stl").read_bytes()))
    assert "is damaged" in cause(ref_to(tmp_path / "a.stl"))
