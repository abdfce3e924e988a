"""Decompression of Draco-compressed glTF primitives, so that trimesh and every Blender read them."""

from pathlib import Path
from typing import Any

import numpy as np

from ...errors import AssetError
from ..shared.limits import FACES, VERTICES, check
from .arrays import view_bytes

EXTENSION = "KHR_draco_mesh_compression"
COMPONENT = {"int8": 5120, "uint8": 5121, "int16": 5122, "uint16": 5123, "uint32": 5125, "float32": 5126}
"""glTF's numbers of the component types of accessors."""


def undo_draco(name: str, tree: dict[str, Any], to: Path) -> None:
    """Decompress the primitives of a glTF whose buffers are staged in `to`, into an additional buffer.

    Raises
    ------
    AssetError : no decoder is installed, or the data cannot be decoded.
    """
    primitives = [
        p for mesh in tree.get("meshes", []) for p in mesh["primitives"] if EXTENSION in p.get("extensions", {})
    ]
    if not primitives:
        return
    try:
        import DracoPy  # type: ignore[import-not-found]  # compiled, without stubs
    except ImportError as error:
        raise AssetError(f"{name} is Draco-compressed: pip install 'iebench[render]' brings a decoder") from error

    with (to / "draco.bin").open("wb") as file:

        def append(accessor: dict[str, Any], values: np.ndarray[Any, Any]) -> None:
            start = file.tell()
            file.write(np.ascontiguousarray(values).tobytes())
            file.write(bytes(-file.tell() % 4))
            view = {"buffer": len(tree["buffers"]), "byteOffset": start, "byteLength": values.nbytes}
            tree["bufferViews"].append(view)
            accessor.pop("byteOffset", None)
            accessor["bufferView"], accessor["count"] = len(tree["bufferViews"]) - 1, len(values)
            accessor["componentType"] = COMPONENT[values.dtype.name]

        for primitive in primitives:
            packed = primitive["extensions"].pop(EXTENSION)
            primitive["mode"] = 4  # the decoder returns triangles, whatever the original mode
            try:
                mesh = DracoPy.decode(view_bytes(tree, packed["bufferView"], to))
            except Exception as error:  # DracoPy's exceptions have no common base
                raise AssetError(f"{name} has Draco data that cannot be decoded: get the file again") from error
            check(name, "faces", len(mesh.faces), FACES)
            check(name, "vertices", len(mesh.points), VERTICES)
            faces = np.asarray(mesh.faces, np.uint32).reshape(-1, 1)
            append(tree["accessors"][primitive["indices"]], faces)
            for attribute, number in packed["attributes"].items():
                values = np.asarray(mesh.get_attribute_by_unique_id(number)["data"])
                append(tree["accessors"][primitive["attributes"][attribute]], values)
        tree["buffers"].append({"uri": "draco.bin", "byteLength": file.tell()})
