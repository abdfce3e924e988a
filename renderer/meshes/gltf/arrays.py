"""Numbers of a glTF: accessors of every kind read as arrays, and arrays written as plain accessors."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iebench.manifests.errors import InvalidValue

Json = dict[str, Any]
Array = NDArray[Any]
TYPES = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
COMPONENTS = {np.dtype(code).newbyteorder("="): number for number, code in TYPES.items()}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}


def item(tree: Json, kind: str, number: Any) -> Json:
    """Return an entry of one of a glTF's lists.

    Raises
    ------
    InvalidValue : the list has no entry of that number.
    """
    entries = tree.get(kind, [])
    if not isinstance(number, int) or not 0 <= number < len(entries):
        raise InvalidValue(f"it refers to number {number} of its {kind}, but has only {len(entries)}")
    entry: Json = entries[number]
    return entry


def view_bytes(tree: Json, number: int, folder: Path) -> bytes:
    """Return the bytes of a buffer view whose buffer is staged in a folder.

    Raises
    ------
    InvalidValue : the view or buffer does not exist.
    """
    view = item(tree, "bufferViews", number)
    with (folder / item(tree, "buffers", view["buffer"])["uri"]).open("rb") as file:
        size = os.fstat(file.fileno()).st_size  # read(n) allocates n bytes first, even if the file is shorter
        file.seek(view.get("byteOffset", 0))
        content: bytes = file.read(min(view["byteLength"], size))
    return content


class Reader:
    """Reader of the accessors of a glTF whose buffers are staged in a folder."""

    def __init__(self, tree: Json, folder: Path) -> None:
        self._tree, self._folder = tree, folder
        self._buffers: dict[int, bytes] = {}

    def array(self, number: int) -> Array:
        """Return an accessor as (count, width): float32 for floats or normalised integers, else its own integer type.

        Raises
        ------
        InvalidValue : the accessor does not exist, or extends beyond its data.
        """
        accessor = item(self._tree, "accessors", number)
        dtype, width, count = np.dtype(TYPES[accessor["componentType"]]), WIDTHS[accessor["type"]], accessor["count"]
        if "bufferView" in accessor:
            elements = self._view(accessor["bufferView"], accessor.get("byteOffset", 0), dtype, count, width)
        else:
            elements = np.zeros((count, width), dtype)
        if sparse := accessor.get("sparse"):
            elements = elements.copy()
            indices, values = sparse["indices"], sparse["values"]
            kind = np.dtype(TYPES[indices["componentType"]])
            rows = self._view(indices["bufferView"], indices.get("byteOffset", 0), kind, sparse["count"], 1)[:, 0]
            if len(rows) and rows.max() >= count:
                raise InvalidValue(f"its accessor {number} replaces values beyond its end")
            elements[rows] = self._view(values["bufferView"], values.get("byteOffset", 0), dtype, len(rows), width)
        if dtype.kind != "f" and accessor.get("normalized"):
            elements = np.maximum(elements.astype(np.float32) / np.iinfo(dtype).max, -1)
        return elements.astype(elements.dtype.newbyteorder("="))

    def _view(self, number: int, offset: int, dtype: np.dtype[Any], count: int, width: int) -> Array:
        view = item(self._tree, "bufferViews", number)
        buffer = self._buffer(view["buffer"])
        start, stride = view.get("byteOffset", 0) + offset, view.get("byteStride") or dtype.itemsize * width
        if count and start + (count - 1) * stride + dtype.itemsize * width > len(buffer):
            raise InvalidValue(f"its data is cut short: it reaches beyond buffer {view['buffer']}")
        return np.ndarray((count, width), dtype, buffer, start, (stride, dtype.itemsize))

    def _buffer(self, number: int) -> bytes:
        if number not in self._buffers:
            self._buffers[number] = (self._folder / item(self._tree, "buffers", number)["uri"]).read_bytes()
        return self._buffers[number]


class Writer:
    """One buffer of a glTF, filled with arrays; `accessors` and `views` are the glTF entries of these arrays."""

    def __init__(self) -> None:
        self.accessors: list[Json] = []
        self.views: list[Json] = []
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, values: Array, width: int) -> int:
        """Append an array (count, width); return its accessor's number."""
        content = np.ascontiguousarray(values).tobytes()
        self.views.append({"buffer": 0, "byteOffset": self._size, "byteLength": len(content)})
        kind = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}[width]
        component = COMPONENTS[values.dtype]
        count = values.size // width
        self.accessors.append(
            {"bufferView": len(self.views) - 1, "componentType": component, "count": count, "type": kind}
        )
        padded = content + bytes(-len(content) % 4)
        self._parts.append(padded)
        self._size += len(padded)
        return len(self.accessors) - 1

    def save(self, path: Path) -> Json:
        """Write the buffer; return its glTF entry."""
        path.write_bytes(b"".join(self._parts))
        return {"uri": path.name, "byteLength": self._size}
