"""Textures are found as in Blender, inside the folder only; textures that cannot be decoded count as missing."""

from pathlib import Path

import meshes
import numpy as np
import pytest
from cleaning import KD, cleaned, ref_to
from PIL import Image

from iebench.renderer.meshes.clean import clean_copy
from iebench.renderer.meshes.shared.bounds import Bounds
from iebench.renderer.sources.folder import Folder


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


def test_a_texture_outside_is_never_read_but_counts_as_missing(tmp_path):
    secret = meshes.write_image(tmp_path / "secret.png")
    inside = tmp_path / "class" / "object"
    named = ["../../secret.png", str(secret), f"../object/../../../{tmp_path.name}/secret.png", "file://" + str(secret)]
    lines = "".join(f"newmtl m{i}\nmap_Kd {name}\n" for i, name in enumerate(named))
    path = meshes.write_wall(inside / "models", lines)
    mesh, _, (_, library) = cleaned(ref_to(path, inside))
    assert "secret" not in library
    assert mesh.missing == tuple(named)
    assert mesh.textures == 0
    assert Bounds(inside).find(inside / "models", "../models/wall.mtl") == inside / "models" / "wall.mtl"
    for name in ("../../../../etc/passwd", "/etc/passwd", "\0", "x" * 5000, "..", ""):
        assert Bounds(inside).find(inside / "models", name) is None


def test_a_collection_may_be_named_from_elsewhere(tmp_path, monkeypatch):
    meshes.write_image(tmp_path / "all" / "c" / "o" / "images" / "t.png")
    meshes.write_wall(tmp_path / "all" / "c" / "o" / "models", f"{KD}map_Kd ../images/t.png\n")
    (tmp_path / "here").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "all")
    monkeypatch.chdir(tmp_path / "here")
    for path in ("../all", "../link", "../here/../all/."):
        source = Folder(Path(path))
        mesh, _, _ = cleaned(source.objects(source.classes(), None)[0])
        assert (mesh.textures, mesh.missing) == (1, ())


@pytest.mark.parametrize("damage", ["truncated", "text", "empty", "bomb", "folder"])
@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_a_texture_that_cannot_be_decoded_counts_as_missing(tmp_path, damage, suffix):
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
