"""PLY: faces and strips as triangles, with their colours or texture coordinates."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray

from ...errors import AssetError
from ..shared.colors import in_range
from ..shared.limits import FACES, check
from ..shared.polygons import check_corners, cut
from ..shared.report import NOTES
from .ply_body import Lists, Numbers, Table, read_body
from .ply_header import Header, as_bytes, parse_header

INDICES = ("vertex_indices", "vertex_index")
COORDINATES = (("texture_u", "texture_v"), ("u", "v"), ("s", "t"))
"""Names of a vertex's texture coordinates."""
TEXTURE_NUMBER = "texnumber"  # property of a face in files with several textures
COLORS = (("red", "green", "blue"), ("diffuse_red", "diffuse_green", "diffuse_blue"), ("r", "g", "b"))
TOPS = {"u1": 255, "u2": 65535}
"""Largest colour value by integer type; for other types it is 1, or the value that `in_range` finds."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def read_ply(name: str, path: Path, textured: bool) -> trimesh.Trimesh:
    """Read the triangles of a PLY file, in text or binary of either byte order.

    textured : True to read texture coordinates instead of colours

    Raises
    ------
    AssetError : the file is damaged, or contains no faces.
    """
    raw = as_bytes(path.read_bytes())
    header = parse_header(name, raw)
    body = read_body(name, header, raw)
    vertex, face = body.get("vertex", {}), body.get("face", {})
    vertices = _columns(vertex, ("x", "y", "z"))
    if vertices is None:
        raise AssetError(f"{name} has no vertices with an x, a y and a z")
    polygons, runs = _indices(face), _indices(body.get("tristrips", {}))
    corners, strips = _integers(name, polygons.values), _strips(_integers(name, runs.values), runs.counts)
    triangles = cut(name, vertices, corners, polygons.counts)
    check_corners(name, strips, len(vertices))
    faces = np.concatenate([corners[triangles.positions], strips])
    if not len(faces):
        elements = ", ".join(f"{element.count:,} of {element.name!r}" for element in header.elements)
        raise AssetError(f"{name} holds no faces: its elements are {elements}")
    check(name, "triangles", len(faces), FACES)
    paint: dict[str, Any] = {}
    notes = triangles.notes
    if textured and not len(strips) and (wedges := _wedges(face, polygons)) is not None:
        paint = _textures(face, triangles.owners, wedges[triangles.positions.ravel()])
        vertices, faces = vertices[faces.ravel()], np.arange(faces.size).reshape(-1, 3)
    elif textured and (coordinates := _coordinates(vertex)) is not None:
        paint = _textures(face, np.pad(triangles.owners, (0, len(strips))), coordinates)
    elif (shades := _colors(name, header, "vertex", vertex)) is not None:
        paint = {"vertex_colors": shades[0]}
        notes += shades[1]
    elif not len(strips) and (shades := _colors(name, header, "face", face)) is not None:
        paint = {"face_colors": shades[0][triangles.owners]}
        notes += shades[1]
    return trimesh.Trimesh(vertices, faces, **paint, metadata={NOTES: notes}, process=False, validate=False)


def _indices(table: Table) -> Lists:
    """Return the vertex lists of an element, whatever their name; empty lists if it has none."""
    lists = {key: column for key, column in table.items() if isinstance(column, Lists) and key != "texcoord"}
    named = [lists[key] for key in INDICES if key in lists]
    return (named or [*lists.values(), Lists(np.empty(0, np.int64), np.empty(0, np.int64))])[0]


def _integers(name: str, values: Numbers) -> Ints:
    """Return vertex indices as integers."""
    with np.errstate(invalid="ignore"):
        integers = values.astype(np.int64)
    if (integers != values).any():
        raise AssetError(f"{name} has faces with corners that are not whole numbers")
    return integers


def _strips(corners: Ints, counts: Ints) -> Ints:
    """Return the triangles (m, 3) of strips; an index of -1 ends a strip, and every second triangle is reversed.

    corners : (k,), all strips concatenated; counts : (n,), number of corners of each strip
    """
    starts = np.zeros(len(corners), np.bool_)
    starts[(np.cumsum(counts) - counts)[counts > 0]] = True
    starts[1:] |= corners[:-1] < 0
    number = np.arange(len(corners))
    begun = np.maximum.accumulate(np.where(starts, number, 0)) if len(corners) else number
    first = number[:-2]
    triangles = corners[first[:, None] + np.where(((first - begun[:-2]) % 2)[:, None], [1, 0, 2], [0, 1, 2])]
    same_strip = begun[:-2] == begun[2:]
    a, b, c = triangles.T
    drawn: Ints = triangles[same_strip & (triangles.min(axis=1, initial=0) >= 0) & (a != b) & (b != c) & (c != a)]
    return drawn


def _textures(face: Table, owners: Ints, coordinates: Floats) -> dict[str, Any]:
    """Return texture coordinates of vertices, and the texture number of each triangle, in trimesh's form."""
    numbers = _columns(face, (TEXTURE_NUMBER,))
    textures = np.zeros(len(owners), np.int64) if numbers is None else numbers[owners, 0].astype(np.int64)
    visual = trimesh.visual.TextureVisuals(uv=coordinates)  # type: ignore[no-untyped-call]
    return {"visual": visual, "face_attributes": {TEXTURE_NUMBER: textures}}


def _columns(table: Table, names: Sequence[str]) -> Floats | None:
    """Return the named columns side by side, (n, names); None if one is missing."""
    columns = [column for name in names if not isinstance(column := table.get(name), Lists | None)]
    return np.column_stack(columns).astype(np.float64) if len(columns) == len(names) else None


def _coordinates(vertex: Table) -> Floats | None:
    """Return texture coordinates of each vertex (n, 2), or None."""
    return next((coordinates for names in COORDINATES if (coordinates := _columns(vertex, names)) is not None), None)


def _wedges(face: Table, polygons: Lists) -> Floats | None:
    """Return texture coordinates of each corner (k, 2); None if any corner lacks them."""
    coordinates = face.get("texcoord")
    if not isinstance(coordinates, Lists) or (coordinates.counts != 2 * polygons.counts).any():
        return None
    return coordinates.values.reshape(-1, 2).astype(np.float64)


def _colors(name: str, header: Header, element: str, table: Table) -> tuple[NDArray[np.uint8], list[str]] | None:
    """Return the colours (n, 4) of an element's rows and notes, or None; integers are divided by their maximum."""
    types = header.types(element)
    for keys in COLORS:
        values = _columns(table, keys)
        if values is not None:
            shares, note = in_range(values / TOPS.get(types[keys[0]], 1), name, f"{element} colours")
            return np.insert(np.rint(255 * shares).astype(np.uint8), 3, 255, axis=1), [note] if note else []
    return None
