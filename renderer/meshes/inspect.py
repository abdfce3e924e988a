"""Reading and inspecting a clean mesh, before Blender sees it."""

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

logging.getLogger("trimesh").addHandler(logging.NullHandler())  # else Python prints its warnings, tracebacks and all

FLAT = 5e-6  # of the diagonal: the width up to which a triangle is a line; six digits round by a fifth of it


def read(mesh: CleanMesh) -> trimesh.Trimesh:
    """The whole object as one mesh, its parts put in place; vertices as the file has them, but for those of no face.

    Colours and textures are kept where the format is one that Blender gets from here (PLY, STL, OFF). What is to be
    known about it is in metadata[NOTES], one sentence each.

    Raises
    ------
    AssetError : it cannot be read, or has faces between vertices that it has not.
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
        with path.open("rb") as file:  # given a file and not its path, trimesh looks for no others
            buffers = {beside.name: beside.read_bytes() for beside in path.parent.glob("*.bin")}
            scene = trimesh.load_scene(file, file_type="gltf", resolver=buffers, process=False, skip_materials=True)
            loaded: trimesh.Trimesh = scene.to_mesh()
    except Exception as error:  # trimesh raises whatever its parsers run into
        raise AssetError(f"{name} is no valid glTF: its parts do not fit together") from error
    check_corners(name, np.asarray(getattr(loaded, "faces", ())), len(loaded.vertices))
    return loaded


@np.errstate(all="ignore")  # coordinates may be none, or too large for their products
def inspect(loaded: trimesh.Trimesh) -> Report:
    """Counts, extent and soundness of a mesh; a cloud of points has no triangles."""
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
    """Which triangles are lines or points, (n,): no wider than FLAT.

    Their width is the height over the longest edge.
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
