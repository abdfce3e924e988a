"""Links and paths out of a source are refused with a cause; links inside it, and a link to all of it, are allowed."""

import os
import shutil
from pathlib import Path

import meshes
import pytest
from cleaning import cause, cleaned

from iebench.renderer.sources.folder import Folder
from iebench.renderer.sources.manifest import Manifest
from iebench.renderer.sources.shapenet import ShapeNet

KD = "newmtl w\nKd 0 1 0\nmap_Kd wall.png\n"
OUT = "leads out of its source by a symbolic link"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """SOURCE/c/o with a textured wall as OBJ, and SOURCE/c/g with one as glTF, with buffer and texture files."""
    meshes.write_image(tmp_path / "src/c/o/wall.png")
    meshes.write_wall(tmp_path / "src/c/o", KD)
    tree, body = meshes.textured_plate(None, "t.png")
    tree["buffers"][0]["uri"] = "b.bin"
    meshes.write_image(tmp_path / "src/c/g/t.png")
    meshes.write_gltf(tmp_path / "src/c/g/a.gltf", tree, b"")
    (tmp_path / "src/c/g/b.bin").write_bytes(body)
    return tmp_path / "src"


def linked(path: Path, to: Path) -> None:
    """Move a file or folder, and leave a link to its new position."""
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(path, to)
    path.symlink_to(os.path.relpath(to, path.parent))


def ref(source: Path, name: str):
    opened = Folder(source)
    return {entry.object_id: entry for entry in opened.objects(opened.classes(), None)}[name]


FILES = [("o", "wall.obj"), ("o", "wall.mtl"), ("o", "wall.png"), ("g", "a.gltf"), ("g", "b.bin"), ("g", "t.png")]


@pytest.mark.parametrize(("name", "file"), FILES)
def test_a_file_that_is_a_link_out_of_the_source_is_refused(source: Path, name: str, file: str) -> None:
    assert cleaned(ref(source, name))[0].textures == 1
    linked(source / "c" / name / file, source.parent / "private" / file)
    assert file in cause(ref(source, name))
    assert OUT in cause(ref(source, name))


@pytest.mark.parametrize("folder", ["c", "c/o"])
def test_a_folder_within_that_is_a_link_out_is_refused(source: Path, folder: str) -> None:
    linked(source / folder, source.parent / "private")
    assert OUT in cause(ref(source, "o"))


@pytest.mark.parametrize(("name", "file"), FILES)
def test_links_within_the_source_are_followed(source: Path, name: str, file: str) -> None:
    linked(source / "c" / name / file, source / "shared" / "pool" / f"x-{file}")
    assert cleaned(ref(source, name))[0].textures == 1


def test_a_source_that_is_reached_by_a_link_is_as_good(source: Path) -> None:
    linked(source, source.parent / "disk" / "all")
    assert cleaned(ref(source, "o"))[0].textures == 1
    (source.parent / "list.csv").write_text("path,class\nsrc/c/o/wall.obj,c\n")
    opened = Manifest(source.parent / "list.csv")
    assert OUT not in opened.objects(opened.classes(), None)[0].path


@pytest.mark.parametrize("store", ["../.git/annex/objects/aa/bb/k/k", "../../blobs/4d7a"])
def test_the_stores_of_git_annex_and_of_the_hugging_face_cache_belong_to_a_source(source: Path, store: str) -> None:
    top = source.parent / "snapshots" / "rev"
    top.parent.mkdir()
    source.rename(top)
    linked(top / "c/o/wall.obj", top / store)
    assert cleaned(ref(top, "o"))[0].textures == 1


def test_a_zip_that_is_a_link_out_is_refused(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "03797390.zip").write_bytes(b"PK\5\6" + bytes(18))
    (tmp_path / "src/03797390.zip").symlink_to("../03797390.zip")
    opened = ShapeNet(tmp_path / "src")
    mug = next(c for c in opened.classes() if c.name == "mug")
    assert OUT in cause(opened.objects([mug], 1)[0])


def test_a_path_of_a_table_that_climbs_out_is_refused_and_an_absolute_one_is_not(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = f"path,class\n../c/o/wall.obj,climbs\n../../../{source.parent.name}/src/c/o/wall.obj,far\nx/../own.obj,own\n"
    (source / "lists").mkdir()
    shutil.copy(source / "c/o/wall.obj", source / "lists/own.obj")
    (source / "lists/a.csv").write_text(f"{rows}{source / 'c/o/wall.obj'},absolute\n")
    monkeypatch.chdir(source / "lists")
    for table in (Path("a.csv"), source / "lists/a.csv"):
        opened = Manifest(table)
        refs = {entry.class_name: entry for entry in opened.objects(opened.classes(), None)}
        for name in ("climbs", "far"):
            assert cause(refs[name]).endswith(
                "wall.obj leads out of its table's folder: put the table above the meshes, or write absolute paths"
            )
        assert "2 (../" in opened.notes()[0]
        assert cleaned(refs["absolute"])[0].textures == 1
        assert cleaned(refs["own"])[1].triangles > 0


def test_a_pipe_in_place_of_a_mesh_is_not_waited_for(source: Path) -> None:
    os.mkfifo(source / "c/o/wall.ply")
    (source / "c/o/wall.obj").unlink()
    assert cause(ref(source, "o")).startswith("no mesh file c/o/wall.ply")
