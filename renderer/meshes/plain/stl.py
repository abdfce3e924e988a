"""STL: binary, or text with one or more solids."""

from array import array
from pathlib import Path

import numpy as np
import trimesh
from numpy.typing import NDArray

from ...errors import AssetError
from ..shared.limits import FACES, check
from ..shared.numbers import parse_numbers
from ..shared.text import utf8_blocks

START = 84  # bytes before the first triangle of a binary file
TRIANGLE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])


def count_facets(name: str, path: Path) -> int:
    """Return the number of faces of an STL file.

    Raises
    ------
    AssetError : a binary file's length differs from its header, or there are more faces than the limits allow.
    """
    faces, size, start = _binary(path)
    expected = len(start) + TRIANGLE.itemsize * faces
    if size == expected:
        return faces
    faces = 0
    for block in utf8_blocks(path):
        faces += block.lower().count(b"facet ")  # does not match "endfacet", which ends its line
        check(name, "faces", faces, FACES)
    if not faces and b"\0" in start:
        raise AssetError(f"{name} has {size} bytes where its header asks for {expected}: it is damaged")
    return faces


def _binary(path: Path) -> tuple[int, int, bytes]:
    """Return the number of faces if the file is binary, its size in bytes, and its first START bytes."""
    with path.open("rb") as file:
        start = file.read(START)
    return int.from_bytes(start[80:], "little"), path.stat().st_size, start


def read_stl(name: str, path: Path) -> trimesh.Trimesh:
    """Read the triangles of an STL file, each with its own vertices. A file whose length fits the header is binary.

    Raises
    ------
    AssetError : the file is truncated or damaged.
    """
    faces, size, _ = _binary(path)
    if size == START + TRIANGLE.itemsize * faces:
        vertices = np.fromfile(path, TRIANGLE, offset=START)["corners"].reshape(-1, 3).astype(np.float64)
    else:
        vertices = _facets(name, path)
    return trimesh.Trimesh(vertices, np.arange(len(vertices)).reshape(-1, 3), process=False, validate=False)


def _facets(name: str, path: Path) -> NDArray[np.float64]:
    """Return the vertices (3 * n, 3) of all facets of a text file."""
    vertices: list[bytes] = []
    firsts, last = array("q"), b""
    for block in utf8_blocks(path):
        for line in block.split(b"\n"):
            match line.lower().split(None, 1):
                case [b"facet", *_]:
                    firsts.append(len(vertices))
                case [b"vertex", vertex]:
                    vertices.append(vertex)
                case [word, *_]:
                    last = word
    if firsts and last not in (b"endsolid", b"end"):
        raise AssetError(f"{name} is cut short: it does not end with the word endsolid")
    numbers = parse_numbers(name, b"\n".join(vertices))
    alike = len(vertices) == 3 * len(firsts) and list(firsts) == list(range(0, len(vertices), 3))
    if not alike or len(numbers) != 3 * len(vertices):
        raise AssetError(f"{name} has a facet that is not three vertices of three numbers: it is damaged")
    return numbers.reshape(-1, 3)
