"""Objects in zip files: each is extracted alone; bombs, links and members outside the folder are refused."""

import io
import re
import zipfile
from pathlib import Path

import meshes
import pytest
from cleaning import cause, cleaned
from PIL import Image

from iebench.renderer.sources import ObjectRef

OBJECT = "03797390/abc"


def zipped(tmp_path, members, change=lambda infos: None):
    """Return a ref into a zip file; `change` edits the entries of its directory."""
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


@pytest.mark.slow
def test_many_members_are_refused(tmp_path):
    assert "10,004 members" in cause(zipped(tmp_path, {f"{OBJECT}/{i}": "" for i in range(10_001)} | good_members()))


@pytest.mark.parametrize("damage", ["cut", "flipped", "nothing"])
def test_a_damaged_zip_file_is_one_sentence(tmp_path, damage):
    ref = zipped(tmp_path, good_members())
    path = Path(ref.archive)
    raw = bytearray(path.read_bytes())
    raw[60:70] = b"0123456789" if damage == "flipped" else raw[60:70]
    path.write_bytes({"cut": raw[: len(raw) // 2], "flipped": raw, "nothing": b""}[damage])
    words = (
        "cannot read .* in 03797390.zip: it is damaged"
        if damage == "flipped"
        else "03797390.zip is not a complete zip file"
    )
    assert re.match(f"{words}.* download ", cause(ref))
