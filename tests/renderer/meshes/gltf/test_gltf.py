"""glTF: kept content, refusals with their reasons, and missing textures."""

import io
import json
import re

import meshes
import pytest
from cleaning import cause, ref_to
from PIL import Image

from iebench.renderer.meshes.clean import clean_copy
from iebench.renderer.meshes.inspect import inspect, read


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
        (lambda tree: tree["accessors"][2].update(count=90), "cut short: it reaches beyond buffer 0"),
        (
            lambda tree: tree["accessors"][2].update(componentType=5125, count=6),
            "faces that use vertices which it does not have",
        ),
        (lambda tree: tree["accessors"][1].update(count=3), "attributes have different lengths"),
        (lambda tree: tree["accessors"][1].pop("type"), "it has no 'type'"),
        (edit(meshes=[]), "not a valid glTF"),
        (edit(scenes=[{"nodes": []}]), "holds no faces"),
        (lambda tree: tree["buffers"].append({"uri": "../../etc/passwd", "byteLength": 1}), "not in its folder"),
        (lambda tree: tree["buffers"][0].update(byteLength=10**6), "is cut short"),
        (
            lambda tree: tree["accessors"][2].update(bufferView=77),
            "refers to number 77 of its bufferViews, but has only 4",
        ),
        (edit(nodes="x"), "not a valid glTF"),
    ],
)
def test_a_gltf_that_cannot_be_used_is_refused_with_its_cause(tmp_path, change, words):
    assert re.search(words, cause(ref_to(glb(tmp_path, change))))


def test_gltf_textures_outside_or_damaged_count_as_missing(tmp_path):
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
