"""The surface of an object in the object frame: its triangles, and points on it with their colours."""

from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray

from ..builtin import build, joined
from ..errors import AssetError
from ..meshes.clean import clean_copy
from ..meshes.inspect import inspect, read
from ..meshes.shared.doubles import without_doubles
from ..sources import ObjectRef
from .obj_parts import parts

Array = NDArray[np.float64]

POINTS = 32_768  # sampled points of a surface
Y_UP = (".obj", ".gltf")  # Blender imports their points as (x, -z, y)
BY_BLENDER = (".obj", ".gltf")  # formats whose materials `inspect.read` leaves out
UNREADABLE = "the materials or textures"
GREY = 0.8  # linear colour of a surface without a material, as Blender draws it
# Linear sRGB -> XYZ relative to the white D65, and the numbers of CIE 1976 L*a*b*.
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE, LINEAR = np.array([0.95047, 1.0, 1.08883]), 6 / 29


def surface(ref: ObjectRef) -> tuple[Array, NDArray[np.int64]]:
    """Return vertices (n, 3) in the object frame, the bounding box centred, and triangles (m, 3) of an object.

    Raises
    ------
    AssetError : the mesh cannot be read or has no surface.
    """
    if ref.mesh is None:
        vertices, faces = joined(build(ref.synset, int(ref.object_id)))
        return vertices.astype(np.float64), faces
    with clean_copy(ref) as mesh:
        loaded = read(mesh)
        problem = inspect(loaded).problem
        if problem:
            raise AssetError(f"{mesh.name} {problem}")
        vertices = np.asarray(loaded.vertices, np.float64)
        triangles = without_doubles(vertices, np.asarray(loaded.faces, np.int64))
        return in_frame(vertices, vertices, mesh.path), triangles.astype(np.int64)


def in_frame(points: Array, vertices: Array, path: Path) -> Array:
    """Return points of a file in the object frame: z up, the bounding box of all vertices (m, 3) centred."""
    centred = points - (vertices.min(0) + vertices.max(0)) / 2
    turned: Array = centred @ np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]) if path.suffix in Y_UP else centred
    return turned


def coloured_points(ref: ObjectRef) -> tuple[Array, Array]:
    """Return points on the surface of an object, (n, 3) in the object frame, and their colours, (n, 3) in L*a*b*.

    Raises
    ------
    AssetError : the mesh or its textures cannot be read.
    """
    if ref.mesh is None:
        solids = build(ref.synset, int(ref.object_id))
        meshes = [trimesh.Trimesh(p.vertices, p.faces, process=False, validate=False) for p in solids]
        points, sources, _ = _sampled(meshes)
        return points, lab(np.array([part.color for part in solids])[sources])
    with clean_copy(ref) as mesh:
        meshes = _parts(mesh.name, mesh.path) if mesh.path.suffix in BY_BLENDER else [read(mesh)]
        try:
            points, _, colours = _sampled(meshes)
        except Exception as error:  # trimesh and pillow pass on any exception
            raise AssetError(f"{UNREADABLE} of {mesh.name} are damaged: its colours are not compared") from error
        vertices = np.concatenate([np.asarray(part.vertices, np.float64) for part in meshes])
        return in_frame(points, vertices, mesh.path), lab(colours)


def _parts(name: str, path: Path) -> list[trimesh.Trimesh]:
    """Read all parts of a file with their materials."""
    try:
        if path.suffix == ".obj":
            return list(parts(path))
        scene = trimesh.load_scene(path, process=False)
        return [part for part in scene.dump() if isinstance(part, trimesh.Trimesh) and len(part.faces)]
    except Exception as error:  # trimesh passes on any exception of its parsers
        raise AssetError(f"{UNREADABLE} of {name} are damaged: its colours are not compared") from error


def _sampled(meshes: list[trimesh.Trimesh]) -> tuple[Array, NDArray[np.int64], Array]:
    """Return points (n, 3), evenly spread, the number of the mesh of each, and linear RGB (n, 3).

    Textures and vertices have sRGB colours; factors of materials are linear (OBJ's Kd as Blender reads it, glTF's
    baseColorFactor), and multiply the texture's.
    """
    areas = np.array([mesh.area for mesh in meshes])
    counts = np.maximum(1, np.rint(POINTS * areas / max(areas.sum(), 1e-300))).astype(int)
    points, colours = [], []
    for mesh, count in zip(meshes, counts, strict=True):
        visual: Any = mesh.visual
        material, uv = getattr(visual, "material", None), getattr(visual, "uv", None)
        image = getattr(material, "image", None) or getattr(material, "baseColorTexture", None)
        sampled, faces, weights = trimesh.sample.sample_surface(mesh, count, return_barycentric=True, seed=0)
        own = np.ones((count, 3)) if material is None else np.tile(_factor(material), (count, 1))
        if material is None:
            own = linear(visual.face_colors[faces, :3] / 255) if visual.defined else GREY * own
        elif image is not None and uv is not None:
            texels = np.einsum("nk,nkc->nc", weights, np.asarray(uv)[mesh.faces[faces]])
            own = own * linear(trimesh.visual.color.uv_to_interpolated_color(texels, image)[:, :3] / 255)
        points.append(np.asarray(sampled, np.float64))
        colours.append(own)
    sources = np.repeat(np.arange(len(meshes)), counts)
    return np.concatenate(points), sources, np.concatenate(colours)


def _factor(material: Any) -> Array:
    """Return the linear colour of a material without its texture; white if the file gives none."""
    factor = getattr(material, "baseColorFactor", None) if hasattr(material, "baseColorFactor") else material.diffuse
    return np.ones(3) if factor is None else np.asarray(factor, np.float64)[:3] / 255


def linear(colours: Array) -> Array:
    """Return linear RGB from sRGB, both in [0, 1] (IEC 61966-2-1)."""
    return np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)


def lab(colours: Array) -> Array:
    """Return CIE 1976 L*a*b* of linear RGB (n, 3): a distance of about 2 is just visible, 100 is black to white."""
    ratio = colours @ XYZ.T / WHITE
    f = np.where(ratio > LINEAR**3, np.cbrt(ratio), ratio / (3 * LINEAR**2) + 4 / 29)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)
