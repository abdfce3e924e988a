"""Objects into Blender: built-in parts or OBJ files, checked, joined into one mesh and centred on the bounding box.

Blender's OBJ importer reports success for nearly any input, so everything that could make a wrong picture is checked
here: a mesh, faces, finite coordinates, an extent, readable textures.
"""

import hashlib
import math
from pathlib import Path

import bpy
import numpy as np

from iebench.manifests.checksums import file_sha256

from .backend import MeshInfo
from .builtin import Part, build
from .errors import AssetError
from .sources import ObjectRef

SHARP = math.radians(40)  # built-in solids are shaded smooth across flatter edges than this


def load_asset(ref: ObjectRef) -> tuple[bpy.types.Object, MeshInfo]:
    """Put one object into the current scene.

    Raises
    ------
    AssetError : it cannot be rendered as it is.
    """
    if ref.mesh is None:
        parts = build(ref.synset, int(ref.object_id))
        thing, status, digest = _from_parts(parts), "ok", _parts_sha256(parts)
    else:
        path = Path(ref.mesh)
        if not path.is_file():
            raise AssetError(f"no mesh file {path}")
        if path.suffix.lower() != ".obj":
            raise AssetError(f"{path} is no OBJ file: other formats cannot be read yet")
        thing = _from_obj(path)
        status, digest = _check_textures(thing), file_sha256(path)
    _centre(thing, ref.mesh or f"{ref.synset}/{ref.object_id}")
    return thing, MeshInfo(digest, len(thing.data.polygons), status)


def free_assets(thing: bpy.types.Object) -> None:
    """Remove an object with its mesh, materials and images; what Blender merely unlinks would pile up."""
    bpy.data.objects.remove(thing)
    bpy.data.orphans_purge(do_local_ids=True, do_linked_ids=True, do_recursive=True)


def _from_parts(parts: list[Part]) -> bpy.types.Object:
    mesh = bpy.data.meshes.new("object")
    starts = np.cumsum([0, *(len(part.vertices) for part in parts)])
    faces = np.vstack([part.faces + start for part, start in zip(parts, starts, strict=False)])
    mesh.from_pydata(np.vstack([part.vertices for part in parts]).tolist(), [], faces.tolist())
    slots: dict[tuple[float, ...], int] = {}
    for part in parts:
        if part.color not in slots:
            slots[part.color] = len(slots)
            mesh.materials.append(_painted(part.color))
    mesh.polygons.foreach_set(
        "material_index", np.repeat([slots[p.color] for p in parts], [len(p.faces) for p in parts])
    )
    mesh.shade_smooth()
    mesh.set_sharp_from_angle(angle=SHARP)
    thing = bpy.data.objects.new("object", mesh)
    bpy.context.scene.collection.objects.link(thing)
    return thing


def _painted(color: tuple[float, float, float]) -> bpy.types.Material:
    material = bpy.data.materials.new("paint")
    material.use_nodes = True
    material.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value = (*color, 1.0)
    return material


def _parts_sha256(parts: list[Part]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        # rounded, so that the last bit of a sine on another machine is not another mesh
        digest.update(np.round(part.vertices, 6).astype("<f4").tobytes())
        digest.update(part.faces.astype("<i4").tobytes() + np.asarray(part.color, "<f4").tobytes())
    return digest.hexdigest()


def _from_obj(path: Path) -> bpy.types.Object:
    before = set(bpy.data.objects)
    try:
        bpy.ops.wm.obj_import(
            filepath=str(path), forward_axis="NEGATIVE_Z", up_axis="Y", use_split_objects=False, validate_meshes=False
        )
    except RuntimeError as error:
        raise AssetError(f"Blender cannot read {path}: {str(error).strip()}") from error
    things = [thing for thing in bpy.data.objects if thing not in before]
    if len(things) != 1 or things[0].type != "MESH" or not things[0].data.polygons:
        for thing in things:
            bpy.data.objects.remove(thing)
        raise AssetError(f"{path} holds no faces")
    thing = things[0]
    thing.data.transform(thing.matrix_world)  # the turn from y-up to z-up goes into the mesh: rotation zero is upright
    thing.matrix_world.identity()
    thing.rotation_euler, thing.location, thing.scale = (0, 0, 0), (0, 0, 0), (1, 1, 1)
    return thing


def _check_textures(thing: bpy.types.Object) -> str:
    """Take textures that could not be read out of their materials, which else would render magenta."""
    missing = 0
    for material in thing.data.materials:
        if material is None or material.node_tree is None:
            continue
        for node in list(material.node_tree.nodes):
            if node.type == "TEX_IMAGE" and (node.image is None or min(node.image.size) == 0):
                material.node_tree.nodes.remove(node)
                missing += 1
    return "texture missing" if missing else "ok"


def _centre(thing: bpy.types.Object, name: str) -> None:
    mesh = thing.data
    points = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", points)
    corners = points.reshape(-1, 3)
    low, high = corners.min(0), corners.max(0)
    problem = None
    if not np.isfinite(corners).all():
        problem = "has vertices that are not finite numbers"
    elif not float((high - low).max()) > 0:
        problem = "has no extent: all vertices coincide"
    elif float(np.linalg.norm((high - low).astype(np.float64))) > 100:
        problem = "is over 100 units large; the camera stands 2.5 units away, so normalise it to a diagonal of 1"
    if problem:
        bpy.data.objects.remove(thing)
        raise AssetError(f"{name} {problem}")
    mesh.vertices.foreach_set("co", (corners - (low + high) / 2).ravel())
    mesh.update()
