"""Read and inspect a clean mesh before it reaches Blender."""

import logging
from pathlib import Path

import numpy as np
import trimesh
from numpy.typing import NDArray

from ..errors import AssetError
from .clean import CleanMesh
from .obj.faces import read_obj
from .plain.off import read_off
from .plain.plain import texture_files
from .plain.ply import read_ply
from .plain.stl import read_stl
from .shared.doubles import without_doubles
from .shared.polygons import check_corners
from .shared.report import Report

logging.getLogger("trimesh").addHandler(logging.NullHandler())  # otherwise Python prints its warnings and tracebacks

FLAT = 5e-6  # share of the diagonal: a narrower triangle counts as a line; 6 digits round coordinates by a fifth of it


def read(mesh: CleanMesh) -> trimesh.Trimesh:
    """Read all parts of an object, in their positions, as one mesh; vertices without a face are removed.

    Colours and textures are kept for formats that Blender gets through this function (PLY, STL, OFF). Notes are in
    metadata[NOTES], one sentence each.

    Raises
    ------
    AssetError : the mesh cannot be read, or its faces use missing vertices.
    """
    name, path = mesh.name, mesh.path
    match path.suffix:
        case ".obj":
            return read_obj(name, path)
        case ".ply":
            loaded = read_ply(name, path, bool(texture_files(path)))
        case ".off":
            loaded = read_off(name, path)
        case ".stl":
            return read_stl(name, path)
        case _:
            return _read_gltf(name, path)
    if len(loaded.faces):
        loaded.remove_unreferenced_vertices()
    return loaded


def _read_gltf(name: str, path: Path) -> trimesh.Trimesh:
    try:
        with path.open("rb") as file:  # given a file object, trimesh opens no other files
            buffers = {beside.name: beside.read_bytes() for beside in path.parent.glob("*.bin")}
            scene = trimesh.load_scene(file, file_type="gltf", resolver=buffers, process=False, skip_materials=True)
            loaded: trimesh.Trimesh = scene.to_mesh()
    except Exception as error:  # trimesh passes on any exception of its parsers
        raise AssetError(f"{name} is not a valid glTF: its parts do not fit together") from error
    check_corners(name, np.asarray(getattr(loaded, "faces", ())), len(loaded.vertices))
    return loaded


@np.errstate(all="ignore")  # coordinates may be non-finite, or overflow in products
def inspect(loaded: trimesh.Trimesh) -> Report:
    """Return counts, extent and problems of a mesh; a point cloud has no triangles."""
    vertices = np.asarray(loaded.vertices, np.float64).reshape(-1, 3)
    faces = np.asarray(getattr(loaded, "faces", ()), np.int64).reshape(-1, 3)
    finite = np.isfinite(vertices).all(axis=1)
    good = vertices[finite]
    low, high = (good.min(0), good.max(0)) if len(good) else (np.zeros(3), np.zeros(3))
    return Report(
        vertices=len(vertices),
        triangles=len(faces),
        bad_vertices=int((~finite).sum()),
        flat_faces=int(_flat(vertices, faces, float(np.linalg.norm(high - low))).sum()),
        watertight=bool(finite.all() and len(faces) and _closed(vertices, faces)),
        extent=(float(high[0] - low[0]), float(high[1] - low[1]), float(high[2] - low[2])),
    )


def _flat(vertices: NDArray[np.float64], faces: NDArray[np.int64], diagonal: float) -> NDArray[np.bool_]:
    """Mark triangles that are lines or points, (n,): not wider than FLAT times the diagonal.

    The width is the height over the longest edge.
    """
    corners = vertices[faces]  # (n, 3, 3)
    edges = corners - np.roll(corners, 1, axis=1)
    longest = np.linalg.norm(edges, axis=2).max(axis=1)
    doubled = np.linalg.norm(np.cross(edges[:, 0], edges[:, 1]), axis=1)
    return np.asarray(doubled <= longest * FLAT * diagonal)


def _closed(vertices: NDArray[np.float64], faces: NDArray[np.int64]) -> bool:
    solid = trimesh.Trimesh(vertices, without_doubles(vertices, faces), process=False, validate=False)
    solid.merge_vertices()
    return bool(solid.is_watertight)
