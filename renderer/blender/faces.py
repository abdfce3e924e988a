"""Faces of an imported mesh prepared for Cycles: each corner with its own normal, no duplicate faces."""

import bmesh
import bpy
import numpy as np
from numpy.typing import NDArray

from ..meshes.shared.doubles import double_triangles, doubles


def keep_corner_normals(mesh: bpy.types.Mesh) -> None:
    """Render each face with the normals that the file gives its corners.

    Cycles up to Blender 4 stores one normal per vertex, and first splits the mesh where faces are flat or edges sharp.
    Blender 4.2 marked faces that have normals as flat. Blender 4.5 marks them as smooth, so that at an edge with more
    than two faces (a duplicated surface, sheets that meet in a T) the normal of one face would be used on another. The
    normals are stored as vectors, because Blender's usual encoding of them depends on the flat mark of a face.
    """
    if not mesh.has_custom_normals:
        return
    normals = np.empty(3 * len(mesh.loops), np.float32)
    mesh.corner_normals.foreach_get("vector", normals)
    mesh.attributes.remove(mesh.attributes["custom_normal"])
    mesh.shade_flat()
    mesh.attributes.new("custom_normal", "FLOAT_VECTOR", "CORNER").data.foreach_set("vector", normals)
    mesh.update()


def drop_doubles(mesh: bpy.types.Mesh) -> int:
    """Remove the polygons that repeat earlier polygons (see `meshes/shared/doubles.py`); return their number."""
    points, corners = np.empty(3 * len(mesh.vertices), np.float32), np.empty(len(mesh.loops), np.int32)
    mesh.vertices.foreach_get("co", points)
    mesh.loops.foreach_get("vertex_index", corners)
    dropped = _repeated(mesh, points.reshape(-1, 3), corners)
    if dropped.any():
        faces = bmesh.new()
        faces.from_mesh(mesh)
        twins = [face for face, twin in zip(faces.faces, dropped.tolist(), strict=True) if twin]
        bmesh.ops.delete(faces, geom=twins, context="FACES_ONLY")
        faces.to_mesh(mesh)
        faces.free()
    return int(dropped.sum())


def _repeated(mesh: bpy.types.Mesh, points: NDArray[np.float32], corners: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Mark polygons that have the corners of an earlier polygon, or are covered by earlier polygons of other sizes."""
    sizes = np.empty(len(mesh.polygons), np.int32)
    mesh.polygons.foreach_get("loop_total", sizes)
    repeated = doubles(points, corners, sizes)
    mesh.calc_loop_triangles()
    triangles = np.empty(3 * len(mesh.loop_triangles), np.int32)
    polygons = np.empty(len(mesh.loop_triangles), np.int32)
    mesh.loop_triangles.foreach_get("vertices", triangles)
    mesh.loop_triangles.foreach_get("polygon_index", polygons)
    left = ~repeated[polygons]
    twice = double_triangles(points, triangles.reshape(-1, 3)[left])
    seen = np.bincount(polygons[left][~twice], minlength=len(sizes)) > 0
    return repeated | ~seen
