"""glTF 2.0 and GLB: a copy as JSON with its buffers and verified textures, without cameras, lights and animations."""

import base64
import binascii
import json
import struct
from pathlib import Path
from urllib.parse import unquote_to_bytes

from iebench.manifests.common.causes import reason
from iebench.manifests.errors import InvalidValue

from ...errors import AssetError
from ..shared.bounds import Bounds
from ..shared.limits import FACES, check, check_size
from ..shared.textures import Textures
from .arrays import Json, view_bytes
from .draco import undo_draco
from .extensions import check_required, check_uncompressed, forget_undone
from .materials import materials_in_range
from .numbers import check_numbers
from .rest import at_rest

MAGIC, JSON_CHUNK, BIN_CHUNK = b"glTF", 0x4E4F534A, 0x004E4942
MALFORMED = "it does not follow the glTF 2.0 format"
ELEMENTS = 20 * FACES  # most elements of all accessors together
IMAGE_EXTENSIONS = ("EXT_texture_webp", "KHR_texture_basisu", "MSFT_texture_dds")


def clean_gltf(name: str, path: Path, to: Path, textures: Textures) -> Path:
    """Write the clean copy `to`/mesh.gltf; same interface as `clean_obj`.

    Raises
    ------
    AssetError : the file is not a glTF 2.0, a buffer is missing, there are too many faces, or a node contains itself.
    """
    check_size(name, path)
    try:
        tree, body = _read(path)
        if not str(tree["asset"]["version"]).startswith("2"):
            raise AssetError(f"{name} is glTF {tree['asset']['version']}: only 2.0 can be read")
        check_required(name, tree)
        check_numbers(tree)
        _one_scene(tree)
        _check_counts(name, tree)
        for number, buffer in enumerate(tree.get("buffers", [])):
            if number or body is None:
                check_uncompressed(name, tree, buffer)
            _stage_buffer(name, path, buffer, to / f"b{number}.bin", body if number == 0 else None, textures.bounds)
        undo_draco(name, tree, to)
        _stage_images(tree, path, to, textures)
        textures.notes += [*materials_in_range(name, tree), *at_rest(name, tree, to)]
        forget_undone(tree)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise AssetError(f"{name} is not a valid glTF: {reason(error, MALFORMED)}") from error
    (to / "mesh.gltf").write_text(json.dumps(tree), encoding="utf-8")
    return to / "mesh.gltf"


def _read(path: Path) -> tuple[Json, bytes | None]:
    """Return the JSON and, for a GLB, the binary chunk."""
    raw = path.read_bytes()
    if not raw.startswith(MAGIC):
        return _object(raw), None
    if (version := int.from_bytes(raw[4:8], "little")) != 2:
        raise InvalidValue(f"it is binary glTF {version}, only 2 can be read")
    tree, body, start = None, None, 12
    while start + 8 <= len(raw):
        length, kind = struct.unpack_from("<II", raw, start)
        chunk = raw[start + 8 : start + 8 + length]
        if len(chunk) < length:
            raise InvalidValue(f"it is cut short: it has {len(chunk):,} of the {length:,} bytes of a chunk")
        if kind == JSON_CHUNK and tree is None:
            tree = _object(chunk)
        elif kind == BIN_CHUNK and body is None:
            body = chunk
        start += 8 + length
    if tree is None:
        raise InvalidValue("it has no JSON")
    return tree, body


def _object(raw: bytes) -> Json:
    tree = json.loads(raw.decode("utf-8-sig"))
    if not isinstance(tree, dict):
        raise InvalidValue("its JSON is not an object")
    return tree


def _one_scene(tree: Json) -> None:
    """Keep only the default scene; remove cameras and animations."""
    for key in ("cameras", "animations"):
        tree.pop(key, None)
    if tree.get("scenes"):
        tree["scenes"], tree["scene"] = [{"nodes": tree["scenes"][tree.get("scene", 0)].get("nodes", [])}], 0


def _check_counts(name: str, tree: Json) -> None:
    """Check the number of faces that Blender will create, from the counts in the JSON."""
    accessors = tree.get("accessors", [])
    check(name, "accessor elements", sum(int(a["count"]) for a in accessors), ELEMENTS)
    meshes = [sum(_faces(p, accessors) for p in mesh["primitives"]) for mesh in tree.get("meshes", [])]
    nodes = tree.get("nodes", [])
    children = {child for node in nodes for child in node.get("children", [])}
    roots = tree["scenes"][0].get("nodes", []) if tree.get("scenes") else set(range(len(nodes))) - children
    total, seen, waiting = 0, set(), list(roots)
    while waiting:
        number = waiting.pop()
        if number in seen:
            raise AssetError(f"{name} is not a valid glTF: its node {number} has two parents, or is within itself")
        seen.add(number)
        node = nodes[number]
        waiting += node.get("children", [])
        copies = node.get("extensions", {}).get("EXT_mesh_gpu_instancing", {}).get("attributes", {}).values()
        total += (meshes[node["mesh"]] if "mesh" in node else 0) * max(
            (accessors[a]["count"] for a in copies), default=1
        )
    check(name, "faces", total, FACES)
    if total == 0:
        raise AssetError(f"{name} holds no faces")


def _faces(primitive: Json, accessors: list[Json]) -> int:
    if "POSITION" not in primitive.get("attributes", {}):
        return 0
    corners = accessors[primitive.get("indices", primitive["attributes"]["POSITION"])]["count"]
    mode = primitive.get("mode", 4)
    return int(corners) // 3 if mode == 4 else max(0, int(corners) - 2) if mode in (5, 6) else 0


def _stage_buffer(name: str, path: Path, buffer: Json, to: Path, body: bytes | None, bounds: Bounds) -> None:
    uri = buffer.get("uri")
    if uri is None and body is not None:
        to.write_bytes(body)
    elif uri is not None and uri.startswith("data:"):
        to.write_bytes(_data(uri))
    else:
        file = bounds.find(path.parent, uri) if uri is not None else None
        if file is None:
            raise AssetError(f"{name} needs the buffer {uri!r}, which is not in its folder")
        check_size(file.name, file)
        to.symlink_to(file.absolute())
    if to.stat().st_size < buffer["byteLength"]:
        raise AssetError(f"{name} is cut short: its buffer has {to.stat().st_size} of {buffer['byteLength']} bytes")
    buffer["uri"] = to.name


def _data(uri: str) -> bytes:
    head, _, content = uri.partition(",")
    try:
        return base64.b64decode(content, validate=False) if head.endswith(";base64") else unquote_to_bytes(content)
    except binascii.Error as error:
        raise InvalidValue("the data within it is not base64") from error


def _stage_images(tree: Json, path: Path, to: Path, textures: Textures) -> None:
    """Replace images by verified files; remove textures without such a file from the materials."""
    staged: list[str | None] = []
    for number, image in enumerate(tree.get("images", [])):
        uri, shown = image.get("uri"), image.get("name") or f"image {number}"
        if uri is not None and not uri.startswith("data:"):
            staged.append(textures.stage(path.parent, uri))
        else:
            own = to / f"embedded{number}"
            own.write_bytes(_data(uri) if uri is not None else view_bytes(tree, image["bufferView"], to))
            staged.append(textures.stage_file(own, shown))
    tree["images"] = [{"uri": name} for name in staged if name is not None]
    new_numbers = {old: new for new, old in enumerate(i for i, name in enumerate(staged) if name is not None)}
    lost = set()
    for number, texture in enumerate(tree.get("textures", [])):
        extensions = texture.pop("extensions", {})
        sources = [texture.pop("source", None), *(extensions.get(e, {}).get("source") for e in IMAGE_EXTENSIONS)]
        source = next((new_numbers[s] for s in sources if s in new_numbers), None)
        if source is None:
            lost.add(number)
            if any(s is not None and s >= len(staged) for s in sources):
                textures.lost(f"texture {number}")  # its image does not exist in the file
        else:
            texture["source"] = source
    for material in tree.get("materials", []):
        _drop(material, lost)


def _drop(table: Json, lost: set[int]) -> None:
    for key, value in list(table.items()):
        if isinstance(value, dict):
            if key.endswith("Texture") and value.get("index") in lost:
                del table[key]
            else:
                _drop(value, lost)
