"""The clean copy: one mesh, no outside files, within limits, removed after use."""

import struct
import tempfile

import meshes
import pytest
from cleaning import KD, cause, cleaned, ref_to

from iebench.manifests.taxonomy import choose
from iebench.renderer.meshes.obj import obj
from iebench.renderer.sources.folder import Folder
from iebench.renderer.sources.shapenet import ShapeNet


def test_a_material_library_outside_is_not_read(tmp_path):
    (tmp_path / "secret.mtl").write_text("newmtl secret\n")
    (tmp_path / "o").mkdir()
    (tmp_path / "o" / "a.obj").write_text(f"mtllib ../secret.mtl\n{meshes.TEXTURE_CORNERS}{meshes.PLATE}")
    mesh, _, texts = cleaned(ref_to(tmp_path / "o" / "a.obj"))
    assert "secret" not in "".join(texts)
    assert mesh.missing == ("../secret.mtl",)


def test_the_clean_copy_is_gone_afterwards(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    path = meshes.write_wall(tmp_path / "o", KD)
    cleaned(ref_to(path))
    path.write_text("v 0 0")
    cause(ref_to(path))
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.slow
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


def test_folders_with_no_mesh_or_several_are_refused(tmp_path):
    for name in ("none", "two", "one"):
        (tmp_path / "c" / name).mkdir(parents=True)
    for name in ("two/a.obj", "two/b.obj", "one/x.obj"):
        (tmp_path / "c" / name).write_text(meshes.TEXTURE_CORNERS + meshes.PLATE)
    source = Folder(tmp_path)
    refs = {ref.object_id: ref for ref in source.objects(source.classes(), None)}
    assert cleaned(refs["one"])[1].triangles == 12
    assert "no mesh file in none" in cause(refs["none"])
    assert "two holds 2 meshes (a.obj, b.obj)" in cause(refs["two"])


def test_absent_shapenet_objects_are_named_by_their_path(shapenet):
    ref = ShapeNet(shapenet).objects(choose("mug"), None)[10]
    assert cause(ref) == f"no mesh file 03797390/{ref.object_id}/models/model_normalized.obj"
