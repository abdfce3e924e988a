"""Impossible numbers in a glTF: a valid file with one value changed is read, or refused in one sentence."""

import copy
import io
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import meshes
import numpy as np
import pytest
from cleaning import cause, cleaned, ref_to
from PIL import Image

from iebench.renderer.errors import AssetError

ODD = (-1, -(2**31), 2**31, 2**40, 10**30, 1.5, True, "1", None, [], {})


def sound() -> tuple[dict[str, Any], bytes]:
    """Textured plate with every kind of length: offsets and strides, a sparse accessor, instances."""
    png = io.BytesIO()
    Image.new("RGB", (4, 4), meshes.RED).save(png, "PNG")
    tree, body = meshes.textured_plate(png.getvalue())
    start = len(body) + -len(body) % 4
    more = np.array([1, 0], "<u4").tobytes() + np.array([-0.4, -0.4, 0.1, 0, 0, 0], "<f4").tobytes()
    body = body + bytes(start - len(body)) + more
    tree["bufferViews"] += [
        {"buffer": 0, "byteOffset": start, "byteLength": 8},
        {"buffer": 0, "byteOffset": start + 8, "byteLength": 24},
    ]
    tree["bufferViews"][0]["byteStride"] = 12
    tree["accessors"][0] |= {
        "byteOffset": 0,
        "sparse": {
            "count": 1,
            "indices": {"bufferView": 4, "byteOffset": 4, "componentType": 5125},
            "values": {"bufferView": 5, "byteOffset": 0},
        },
    }
    tree["accessors"].append({"bufferView": 5, "byteOffset": 12, "componentType": 5126, "count": 1, "type": "VEC3"})
    tree["nodes"][0]["extensions"] = {"EXT_mesh_gpu_instancing": {"attributes": {"TRANSLATION": 3}}}
    tree["buffers"][0]["byteLength"] = len(body)
    return tree, body


def number_paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Return the paths of all whole numbers in a JSON value."""
    if isinstance(value, int) and not isinstance(value, bool):
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from number_paths(inner, (*path, key))


PATHS = list(number_paths(sound()[0]))
UNCOUNTED = {"min", "max", "metallicFactor", "baseColorFactor", "componentType"}
COUNTS = [path for path in PATHS if not UNCOUNTED & set(path)]
"""Paths of lengths, offsets, counts and references."""


def changed(tmp_path: Path, path: tuple[Any, ...], value: Any) -> Path:
    tree, body = copy.deepcopy(sound())
    table = tree
    for key in path[:-1]:
        table = table[key]
    table[path[-1]] = value
    return meshes.write_gltf(tmp_path / "a.glb", tree, body)


def test_the_unchanged_file_is_valid(tmp_path: Path) -> None:
    tree, body = sound()
    assert cleaned(ref_to(meshes.write_gltf(tmp_path / "a.glb", tree, body)))[0].textures == 1
    assert {path[-1] for path in PATHS} >= {
        "count",
        "byteLength",
        "byteOffset",
        "byteStride",
        "indices",
        "bufferView",
        "buffer",
        "mesh",
        "material",
        "source",
    }


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(map(str, path)))
def test_any_other_value_is_read_or_refused(tmp_path: Path, path: tuple[Any, ...]) -> None:
    for value in ODD:
        try:
            cleaned(ref_to(changed(tmp_path, path, value)))
        except AssetError as error:
            assert "\n" not in str(error)
            assert len(str(error)) < 300


@pytest.mark.parametrize("path", COUNTS, ids=lambda path: ".".join(map(str, path)))
@pytest.mark.parametrize("value", [-1, -(2**31)])
def test_negative_counts_and_references_are_refused(tmp_path: Path, path: tuple[Any, ...], value: int) -> None:
    words = cause(ref_to(changed(tmp_path, path, value)))
    assert f"is {value}, not a whole number from 0 to 2^53" in words


@pytest.mark.parametrize("chunk", [0, 1])
@pytest.mark.parametrize("length", [2**32 - 1, 2**31, 10**6])
def test_a_chunk_that_is_longer_than_its_file_is_refused(tmp_path: Path, chunk: int, length: int) -> None:
    tree, body = sound()
    path = meshes.write_gltf(tmp_path / "a.glb", tree, body)
    raw = bytearray(path.read_bytes())
    start = 12 if chunk == 0 else 20 + struct.unpack_from("<I", raw, 12)[0]
    struct.pack_into("<I", raw, start, length)
    path.write_bytes(raw)
    assert f"of the {length:,} bytes of a chunk" in cause(ref_to(path))


def test_additions_of_other_programs_may_be_negative(tmp_path: Path) -> None:
    tree, body = sound()
    tree["extras"] = {"count": -1}
    tree["nodes"][0]["extras"] = json.loads('{"byteLength": -7, "mesh": "x"}')
    assert cleaned(ref_to(meshes.write_gltf(tmp_path / "a.glb", tree, body)))[0].textures == 1
