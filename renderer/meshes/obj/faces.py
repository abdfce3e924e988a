"""Faces of an OBJ file as Blender draws them, without materials: for inspection and symmetries."""

from array import array
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import trimesh

from ...errors import AssetError
from ..shared.polygons import cut
from ..shared.report import NOTES

KINDS = {b"v": "vertex", b"f": "face", b"l": "line"}
UNDRAWN = (b"surf", b"fo", b"bsp", b"bzp", b"call", b"csh")
"""Statements of surfaces that Blender's importer ignores."""


def read_obj(name: str, path: Path) -> trimesh.Trimesh:
    """Read the triangles of an OBJ file in UTF-8; polygons are cut into triangles.

    Points and curves are left out. The vertices of lines and of faces with two corners are kept: Blender does not draw
    these elements, but they count for the bounding box that centres the object.

    Raises
    ------
    AssetError : vertices or faces are not numbers, faces precede their vertices, or a surface would not be drawn.
    """
    coordinates, corners, counts, ends = array("d"), array("q"), array("q"), array("q")
    vertices = 0
    for line in _joined_lines(path):
        words = line.partition(b"#")[0].split()
        statement = words[0] if words else b""
        try:
            if statement == b"v":
                x, y, z = map(float, words[1:4])
                coordinates.extend((x, y, z))
                vertices += 1
            elif statement in (b"f", b"l"):
                numbers = [int(word.partition(b"/")[0]) for word in words[1:]]
                face = [number - 1 if number > 0 else number + vertices for number in numbers]
                if not all(0 <= corner < vertices for corner in face) or 0 in numbers:
                    kind = KINDS[statement]
                    raise AssetError(
                        f"{name} has {kind}s that use vertices which it does not have (yet): {_shown(line)}"
                    )
                (corners if statement == b"f" else ends).extend(face)
                if statement == b"f":
                    counts.append(len(face))
        except ValueError:
            raise AssetError(f"{name} has a {KINDS[statement]} that is not made of numbers: {_shown(line)}") from None
        if statement in UNDRAWN:
            raise AssetError(f"{name} has the statement {_shown(line)}, which is not drawn: convert it to polygons")
    used, renumbered = np.unique(np.array([*corners, *ends], np.int64), return_inverse=True)
    points, own = np.array(coordinates, np.float64).reshape(-1, 3)[used], renumbered[: len(corners)]
    triangles = cut(name, points, own, np.array(counts, np.int64))
    about = {NOTES: triangles.notes}
    return trimesh.Trimesh(points, own[triangles.positions], metadata=about, process=False, validate=False)


def _joined_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a text; a line that ends in a backslash is joined with the next line."""
    begun = b""
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\\\n"):
                begun += line[:-2] + b" "
            else:
                yield begun + line
                begun = b""


def _shown(line: bytes) -> str:
    return repr(line.strip()[:60].decode("utf-8", "replace"))
