"""PLY: faces and strips as triangles, with their colours or their places in a texture."""

from pathlib import Path

import numpy as np
import trimesh
from numpy.typing import NDArray

from ..errors import AssetError
from .colors import in_range
from .limits import FACES, check
from .ply_body import Lists, Table, read_body
from .ply_header import Header, as_bytes, parse_header
from .polygons import cut
from .report import NOTES

INDICES = ("vertex_indices", "vertex_index")
PLACES = (("texture_u", "texture_v"), ("u", "v"), ("s", "t"))
"""Where a vertex is in a texture."""
TEXTURE_NUMBER = "texnumber"  # of a face, where there are several textures
COLORS = (("red", "green", "blue", "alpha"), ("diffuse_red", "diffuse_green", "diffuse_blue"), ("r", "g", "b", "a"))
TOPS = {"u1": 255, "u2": 65535}
"""What the colours of a type are shares of; of any other, 1, or what `in_range` finds."""

Ints = NDArray[np.int64]


def read_ply(name: str, path: Path, textured: bool) -> trimesh.Trimesh:
    """Triangles of a PLY file, text or binary of either byte order.

    textured : whether places in a texture are wanted, not colours

    Raises
    ------
    AssetError : it is damaged, or holds no faces.
    """
    raw = as_bytes(path.read_bytes())
    header = parse_header(name, raw)
    body = read_body(name, header, raw)
    vertex, face = body.get("vertex", {}), body.get("face", {})
    if not {"x", "y", "z"} <= vertex.keys():
        raise AssetError(f"{name} has no vertices with an x, a y and a z")
    vertices = np.column_stack([vertex[axis] for axis in "xyz"]).astype(np.float64)
    polygons = _indices(face)
    corners = polygons.values.astype(np.int64)
    positions, owners = cut(name, vertices, corners, polygons.counts)
    strips = _strips(_indices(body.get("tristrips", {})))
    faces = np.concatenate([corners[positions], strips])
    if not len(faces):
        elements = ", ".join(f"{one.count:,} of {one.name!r}" for one in header.elements)
        raise AssetError(f"{name} holds no faces: its elements are {elements}")
    check(name, "triangles", len(faces), FACES)
    uv, which = _places(vertex) if textured else None, face.get(TEXTURE_NUMBER)
    if textured and not len(strips) and (wedges := _wedges(face, polygons)) is not None:
        vertices, faces, uv = vertices[faces.ravel()], np.arange(faces.size).reshape(-1, 3), wedges[positions.ravel()]
    if uv is not None:
        visual, numbers = trimesh.visual.TextureVisuals(uv=uv), np.zeros(len(faces), np.int64)
        if which is not None and not isinstance(which, Lists):
            numbers[: len(owners)] = which[owners]
        own_textures = {TEXTURE_NUMBER: numbers}
        return trimesh.Trimesh(
            vertices, faces, visual=visual, face_attributes=own_textures, process=False, validate=False
        )
    (shades, shade_note), (own, own_note) = (
        _colors(name, header, element, table) for element, table in (("vertex", vertex), ("face", face))
    )
    if own is not None:
        own = np.concatenate([own[owners], np.full((len(strips), 4), 255, np.uint8)])
    paint, note = ({"face_colors": own}, own_note) if shades is None else ({"vertex_colors": shades}, shade_note)
    notes = [note] if note else []
    return trimesh.Trimesh(vertices, faces, **paint, process=False, validate=False, metadata={NOTES: notes})


def _indices(table: Table) -> Lists:
    """The lists of vertices of an element, whatever their name is; none where it has none."""
    lists = {key: column for key, column in table.items() if isinstance(column, Lists) and key != "texcoord"}
    named = [lists[key] for key in INDICES if key in lists]
    return (named or [*lists.values(), Lists(np.empty(0, np.int64), np.empty(0, np.int64))])[0]


def _strips(lists: Lists) -> Ints:
    """The triangles (m, 3) of strips, which a vertex of -1 ends; every second one is turned round."""
    corners = lists.values.astype(np.int64)
    starts = np.zeros(len(corners), np.bool_)
    starts[(np.cumsum(lists.counts) - lists.counts)[lists.counts > 0]] = True
    starts[1:] |= corners[:-1] < 0
    number = np.arange(len(corners))
    begun = np.maximum.accumulate(np.where(starts, number, 0)) if len(corners) else number
    first = number[:-2]
    triangles = corners[first[:, None] + np.where(((first - begun[:-2]) % 2)[:, None], [1, 0, 2], [0, 1, 2])]
    one = begun[:-2] == begun[2:]
    a, b, c = triangles.T
    return triangles[one & (triangles.min(axis=1, initial=0) >= 0) & (a != b) & (b != c) & (c != a)]


def _places(vertex: Table) -> NDArray[np.float64] | None:
    for names in PLACES:
        if vertex.keys() >= set(names):
            return np.column_stack([vertex[name] for name in names]).astype(np.float64)
    return None


def _wedges(face: Table, polygons: Lists) -> NDArray[np.float64] | None:
    """Places in a texture of each corner (k, 2), if each has one."""
    places = face.get("texcoord")
    if not isinstance(places, Lists) or (places.counts != 2 * polygons.counts).any():
        return None
    return places.values.reshape(-1, 2).astype(np.float64)


def _colors(name: str, header: Header, element: str, table: Table) -> tuple[NDArray[np.uint8] | None, str]:
    """The colours (n, 4) of an element's rows, and a note; bytes and shorts are shares of their largest."""
    types = header.types(element)
    for keys in COLORS:
        if table.keys() >= set(keys[:3]):
            values = np.column_stack([np.asarray(table[key], np.float64) for key in keys if key in table])
            shares, note = in_range(values[:, :3] / TOPS.get(types[keys[0]], 1), name, f"{element} colours")
            colors = np.full((len(values), 4), 255, np.uint8)  # whose last is not drawn
            colors[:, :3] = np.rint(255 * shares)
            return colors, note
    return None, ""
