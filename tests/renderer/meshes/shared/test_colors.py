"""Colours out of range: bytes are read as bytes, bright ones are scaled, others are refused; each gets a note."""

import json

import meshes
import numpy as np
import pytest
from cleaning import cause, ref_to

from iebench.renderer.errors import AssetError
from iebench.renderer.meshes.clean import clean_copy
from iebench.renderer.meshes.gltf.arrays import Reader
from iebench.renderer.meshes.shared.colors import in_range

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("top", [1, 255, 65535])
def test_shares_of_1_255_and_65535_are_the_same_colours(top):
    colors = RNG.random((50, 3))
    colors[7] = 1
    shares, note = in_range(colors * top, "a.obj", "colours")
    assert shares == pytest.approx(colors)
    assert note == ("" if top == 1 else f"colours go up to {top}: divided by {top}")


def test_a_bright_colour_keeps_its_hue_and_leaves_the_others():
    colors = np.array([[0.5, 0.2, 0.1], [3.0, 1.5, 0.0], [1 + 1e-6, 0, 0], [-0.5, 0.25, 1]])
    shares, note = in_range(colors, "a.obj", "colours")
    assert shares.tolist() == [[0.5, 0.2, 0.1], [1, 0.5, 0], [1, 0, 0], [0, 0.25, 1]]
    assert note == "colours go down to -0.5: taken as 0; colours go up to 3: scaled to 1"
    assert in_range(colors[:1], "a.obj", "colours")[1] == in_range(colors[2:3], "a.obj", "colours")[1] == ""
    assert in_range(np.empty((0, 3)), "a.obj", "colours")[1] == ""
    for wrong in (np.nan, np.inf, -np.inf):
        with pytest.raises(AssetError, match=r"^a\.obj has colours that are not finite numbers"):
            in_range(np.array([[0, wrong, 0]]), "a.obj", "colours")


def library(folder, lines):
    """Return the lines of the clean material library, and the notes."""
    with clean_copy(ref_to(meshes.write_wall(folder, f"newmtl w\n{lines}\n"))) as mesh:
        return mesh.path.with_suffix(".mtl").read_text().splitlines()[1:], mesh.notes


@pytest.mark.parametrize(
    ("lines", "kept", "notes"),
    [
        ("Kd 0.1 1 0\nKe 1 0 0\nd 1", "Kd 0.1 1 0\nKe 1 0 0\nd 1", ()),
        ("Kd 255 51 0\nKs 102 0 0", "Kd 1 0.2 0\nKs 0.4 0 0", ("Kd go up to 255: divided by 255",)),
        ("Kd 255 51 0\nKa 51 0 0", "Kd 1 0.2 0\nKa 0.2 0 0", ("Kd go up to 255: divided by 255",)),
        ("Kd 1 1 1\nKa 255 51 0", "Kd 1 1 1\nKa 1 0.2 0", ("Ka go up to 255: divided by 255",)),
        ("KD 3 1.5 0", "Kd 1 0.5 0", ("Kd go up to 3: scaled to 1",)),
        ("Kd .5\nKs .25", "Kd 0.5 0.5 0.5\nKs 0.25 0.25 0.25", ()),
        ("Kd -1 0 1", "Kd 0 0 1", ("Kd go down to -1: taken as 0",)),
        ("Kd 1 1 1\nKe 300 150 0", "Kd 1 1 1\nKe 1 0.5 0", ("Ke go up to 300: scaled to 1",)),
        ("d 2\nPm -0.5", "d 1\nPm 0", ("d is 2: taken as 1", "Pm is -0.5: taken as 0")),
        ("Kd spectral a.rfl", "Kd spectral a.rfl", ()),
    ],
)
def test_a_material_library_is_in_range(tmp_path, lines, kept, notes):
    assert library(tmp_path, lines) == (kept.splitlines(), notes)


@pytest.mark.parametrize("line", ["Kd nan 0 0", "Ke inf 0 0", "d nan", "Ks 0 -Infinity 0"])
def test_a_material_value_that_is_not_finite_is_refused(tmp_path, line):
    words = cause(ref_to(meshes.write_wall(tmp_path, f"newmtl w\n{line}\n")))
    assert words == f"wall.mtl has {line!r}, which is not finite: give numbers from 0 to 1"


def colored_wall(folder, color):
    lines = [f"{line} {color}" if line.startswith("v ") else line for line in meshes.PLATE.splitlines()]
    (folder / "a.obj").write_text(meshes.TEXTURE_CORNERS + "\n".join(lines) + "\n")
    return ref_to(folder / "a.obj")


@pytest.mark.parametrize(
    ("color", "kept", "note"),
    [
        ("1 0.5 0", "1 0.5 0", ""),
        ("255 51 0", "1 0.2 0", "vertex colours go up to 255: divided by 255"),
        ("65535 13107 0", "1 0.2 0", "vertex colours go up to 65535: divided by 65535"),
        ("2 1 0", "1 0.5 0", "vertex colours go up to 2: scaled to 1"),
        ("-1 0 1", "0 0 1", "vertex colours go down to -1: taken as 0"),
    ],
)
def test_vertex_colours_of_obj_are_in_range(tmp_path, color, kept, note):
    with clean_copy(colored_wall(tmp_path, color)) as mesh:
        lines = [line for line in mesh.path.read_text().splitlines() if line.startswith("v ")]
        assert len(lines) == 8 and all(line.endswith(f" {kept}") for line in lines)
        assert mesh.notes == ((note,) if note else ())


def test_vertex_colours_that_are_no_numbers_are_refused(tmp_path):
    words = "a.obj has vertex colours that are not finite numbers: give them from 0 to 1"
    assert cause(colored_wall(tmp_path, "nan 0 0")) == words
    with clean_copy(colored_wall(tmp_path, "# a comment of words")) as mesh:
        assert mesh.path.read_text().count("# a comment of words") == 8


def gltf_material(folder, material, **change):
    """Return a material of a plate's clean copy, and the notes."""
    tree, body = meshes.textured_plate(meshes.write_image(folder / "t.png").read_bytes())
    tree["materials"] = [material]
    tree |= change
    with clean_copy(ref_to(meshes.write_gltf(folder / "a.glb", tree, body))) as mesh:
        return json.loads(mesh.path.read_text())["materials"][0], mesh.notes


def base(*factor, **more):
    return {"pbrMetallicRoughness": {"baseColorFactor": list(factor), **more}}


LIT = {"KHR_materials_emissive_strength": {"emissiveStrength": 300}}


@pytest.mark.parametrize(
    ("material", "kept", "notes"),
    [
        (base(1, 0.5, 0, 0.25, metallicFactor=0), base(1, 0.5, 0, 0.25, metallicFactor=0), ()),
        (base(255, 51, 0, 1), base(1, 0.2, 0, 1), ("base colours go up to 255: divided by 255",)),
        (base(2, 1, 0, 7), base(1, 0.5, 0, 1), ("base colours go up to 2: scaled to 1",)),
        (base(-1, 0, 1, 1), base(0, 0, 1, 1), ("base colours go down to -1: taken as 0",)),
        (
            base(1, 1, 1, 1, roughnessFactor=5),
            base(1, 1, 1, 1, roughnessFactor=1),
            ("roughnessFactor is 5: taken as 1",),
        ),
        ({"emissiveFactor": [1, 0.5, 0]}, {"emissiveFactor": [1, 0.5, 0]}, ()),
        (
            {"emissiveFactor": [0.5, 0.25, 0], "extensions": LIT},
            {"emissiveFactor": [1, 0.5, 0], "extensions": {}},
            ("emissive colours go up to 150: scaled to 1",),
        ),
    ],
)
def test_the_numbers_of_gltf_materials_are_in_range(tmp_path, material, kept, notes):
    assert gltf_material(tmp_path, material) == (kept, notes)


def test_a_gltf_material_that_is_not_finite_is_refused(tmp_path):
    with pytest.raises(AssetError, match=r"^a\.glb has a material whose baseColorFactor is \[nan, 0, 0, 1\]"):
        gltf_material(tmp_path, base(float("nan"), 0, 0, 1))


@pytest.mark.parametrize(("component", "values"), [(5126, [255, 51, 0]), (5121, [255, 51, 0]), (5126, [1, 0.2, 0])])
def test_vertex_colours_of_gltf_are_in_range(tmp_path, component, values):
    tree, body = meshes.textured_plate(meshes.write_image(tmp_path / "t.png").read_bytes())
    content = np.array([[*values, 255 if component == 5121 else 1]] * 4, "<f4" if component == 5126 else "u1").tobytes()
    tree["bufferViews"].append({"buffer": 0, "byteOffset": len(body), "byteLength": len(content)})
    tree["accessors"].append({"bufferView": 4, "componentType": component, "count": 4, "type": "VEC4"})
    tree["buffers"][0]["byteLength"] += len(content)
    tree["meshes"][0]["primitives"][0]["attributes"]["COLOR_0"] = 3
    with clean_copy(ref_to(meshes.write_gltf(tmp_path / "a.glb", tree, body + content))) as mesh:
        clean = json.loads(mesh.path.read_text())
        number = clean["meshes"][0]["primitives"][0]["attributes"]["COLOR_0"]
        colors = Reader(clean, mesh.path.parent).array(number)
        assert colors == pytest.approx(np.array([[1, 0.2, 0, 1]] * 4))
        assert mesh.notes == (("vertex colours go up to 255: divided by 255",) if max(values) > 1 else ())
