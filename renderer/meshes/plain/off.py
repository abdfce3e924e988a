"""OFF: polygons in text; colours, normals and texture coordinates are not used."""

import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import trimesh
from numpy.typing import NDArray

from ...errors import AssetError
from ..shared.numbers import parse_numbers
from ..shared.polygons import cut
from ..shared.report import NOTES
from ..shared.text import utf8_blocks

START = re.compile(rb"(?:ST|C|N)*(4?)(n?)OFF|(?=\d+[ \t]+\d+)")  # the word OFF may be missing
WRAPPED = 8  # most lines of the header


@dataclass(frozen=True)
class OffHeader:
    """Header of an OFF file: number of vertices and of faces, and number of header lines."""

    vertices: int
    faces: int
    lines: int


def content_lines(block: bytes) -> Iterator[bytes]:
    """Yield the lines of a text that contain more than a comment, without their comments."""
    for line in block.split(b"\n"):
        content = line.partition(b"#")[0].strip()
        if content:
            yield content


def parse_header(name: str, lines: Sequence[bytes]) -> OffHeader:
    """Parse the header of an OFF file; `lines` are its first lines with content.

    Raises
    ------
    AssetError : there is no OFF header, or its kind is not supported: binary, or not three-dimensional.
    """
    start = START.match(lines[0]) if lines else None
    if start is None:
        raise AssetError(f"{name} is not an OFF file: it does not begin with the word OFF")
    kind = start[0].decode() or "OFF"
    if lines[0].endswith(b"BINARY"):
        raise AssetError(f"{name} is a binary {kind} file: save it as a text file, or as PLY")
    if start[1]:
        raise AssetError(f"{name} is a {kind} file, with four numbers for a vertex: only three dimensions are drawn")
    words, used, length = lines[0][start.end() :].split(), 1, 3 if start[2] else 2
    while len(words) < length and used < min(len(lines), WRAPPED):
        words += lines[used].split()
        used += 1
    if len(words) < length or not all(word.isdigit() for word in words[:length]):
        raise AssetError(f"{name} has no counts of vertices and faces after the word {kind}: it is damaged")
    if start[2] and int(words[0]) != 3:
        raise AssetError(f"{name} is a {kind} file of {int(words[0])} dimensions: only three are drawn")
    return OffHeader(int(words[length - 2]), int(words[length - 1]), used)


def read_off(name: str, path: Path) -> trimesh.Trimesh:
    """Read the triangles of an OFF file.

    Raises
    ------
    AssetError : the file is damaged, or of an unsupported kind.
    """
    lines = [line for block in utf8_blocks(path) for line in content_lines(block)]
    header = parse_header(name, lines[:WRAPPED])
    total = header.lines + header.vertices + header.faces
    if len(lines) < total:
        raise AssetError(f"{name} is cut short: it has {len(lines)} of the {total} lines that its header asks for")
    first = header.lines + header.vertices
    vertices = _vertices(name, lines[header.lines : first])
    corners, counts = _polygons(name, lines[first:total])
    triangles = cut(name, vertices, corners, counts)
    faces, about = corners[triangles.positions], {NOTES: triangles.notes}
    return trimesh.Trimesh(vertices, faces, metadata=about, process=False, validate=False)


def _vertices(name: str, lines: list[bytes]) -> NDArray[np.float64]:
    """Return the first three numbers of each line: (n, 3)."""
    if len({len(line.split()) for line in lines}) > 1:
        lines = [b" ".join(line.split()[:3]) for line in lines]
    numbers = parse_numbers(name, b"\n".join(lines))
    width = len(lines[0].split()) if lines else 3
    if width < 3 or len(numbers) != width * len(lines):
        raise AssetError(f"{name} has a vertex that is not three numbers: it is damaged")
    return numbers.reshape(-1, width)[:, :3]


def _polygons(name: str, lines: list[bytes]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the corners of all faces, concatenated, and the number of corners of each face."""
    corners, counts = array("q"), array("q")
    for line in lines:
        words = line.split()
        try:
            count = int(words[0])
            corners.extend(map(int, words[1 : count + 1]))
        except (ValueError, OverflowError):
            count = -1
        if not 0 <= count < len(words):
            shown = line[:40].decode("utf-8", "replace")
            raise AssetError(f"{name} has a face that is not a count and that many vertex numbers: {shown!r}")
        counts.append(count)
    return np.array(corners, np.int64), np.array(counts, np.int64)
