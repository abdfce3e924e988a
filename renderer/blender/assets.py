"""Load objects into Blender: built-in parts or mesh files, each as one mesh with its bounding box centred.

Blender's importers report success for nearly any input. A mesh is therefore cleaned and inspected beforehand
(`meshes/`). After the import, this module checks it again in Blender's 32-bit numbers.
"""

import hashlib
import math
from collections.abc import Iterable
from dataclasses import replace

import bpy
import numpy as np

from iebench.manifests.recipe import Materials

from ..builtin import Part, build, joined
from ..errors import AssetError
from ..meshes.clean import CleanMesh, clean_copy
from ..meshes.inspect import inspect, read
from ..meshes.shared.report import NOTES
from ..sources import ObjectRef
from .importers import import_mesh
from .interface import MeshInfo, RefusedMesh

SHARP = math.radians(40)  # built-in solids are shaded smooth across edges with a smaller angle
LARGEST = 100  # units; a larger mesh that is not normalised does not fit this scene


def load_asset(ref: ObjectRef, materials: Materials) -> tuple[bpy.types.Object, MeshInfo]:
    """Load one object into the current scene; materials : the recipe's rules for reading materials.

    Raises
    ------
    AssetError : the object cannot be rendered.
    """
    if ref.mesh is None:
        parts = build(ref.synset, int(ref.object_id))
        thing, info = _from_parts(parts), MeshInfo(_parts_sha256(parts), 0, "ok")
        _normalise(thing, ref)
    else:
        with clean_copy(ref, materials) as mesh:
            thing, info = _from_file(mesh, ref)
        _roughen(thing.data.materials, materials.diffuse_roughness)
    return thing, replace(info, faces=len(thing.data.polygons), materials=len(thing.data.materials))


def _from_file(mesh: CleanMesh, ref: ObjectRef) -> tuple[bpy.types.Object, MeshInfo]:
    info = MeshInfo(mesh.sha256, 0, "ok", textures=mesh.textures, missing=mesh.missing, notes=mesh.notes)
    try:
        loaded = read(mesh)
        notes = (*mesh.notes, *loaded.metadata.get(NOTES, ()))
        info = replace(info, report=(report := inspect(loaded)), notes=notes)
        if report.problem:
            raise AssetError(f"{mesh.name} {report.problem}")
        thing, unread, doubles = import_mesh(mesh, loaded)
        _normalise(thing, ref)
        _check_visible(thing, ref)
    except AssetError as error:
        raise RefusedMesh(str(error), info) from error
    missing = (*mesh.missing, *unread)
    status = "texture missing" if missing else "ok"
    return thing, replace(info, missing=missing, doubles=doubles, status=status)


def _roughen(materials: Iterable[bpy.types.Material | None], share: float) -> None:
    """Set the diffuse roughness of each material to `share` times the material's roughness (see `recipe.Materials`)."""
    for material in materials:
        nodes = material.node_tree.nodes if material is not None and material.node_tree else ()
        for node in nodes:
            if node.type == "BSDF_PRINCIPLED":
                node.inputs["Diffuse Roughness"].default_value = share * node.inputs["Roughness"].default_value


def free_assets(things: Iterable[bpy.types.Object]) -> None:
    """Remove objects with their meshes, materials and images; unlinked data would otherwise accumulate in Blender."""
    if not (unused := list(things)):
        return
    for thing in unused:
        bpy.data.objects.remove(thing)
    bpy.data.orphans_purge(do_local_ids=True, do_linked_ids=True, do_recursive=True)
    for scene in bpy.data.scenes:
        if scene.render.use_persistent_data:  # otherwise Cycles keeps the textures of every object rendered so far
            scene.render.use_persistent_data = False
            scene.render.use_persistent_data = True


def _from_parts(parts: list[Part]) -> bpy.types.Object:
    mesh = bpy.data.meshes.new("object")
    vertices, faces = joined(parts)
    mesh.from_pydata(vertices.tolist(), [], faces.tolist())
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
        # rounded, so that a last-bit difference of a sine on another machine does not change the hash
        digest.update(np.round(part.vertices, 6).astype("<f4").tobytes())
        digest.update(part.faces.astype("<i4").tobytes() + np.asarray(part.color, "<f4").tobytes())
    return digest.hexdigest()


def _check_visible(thing: bpy.types.Object, ref: ObjectRef) -> None:
    """Refuse and remove an object that is invisible in every view."""
    used = _used_materials(thing)
    if used and all(material is not None and _clear(material) for material in used):
        bpy.data.objects.remove(thing)
        raise AssetError(f"{ref.shown} is invisible: all its materials have an opacity of zero")


def see_through(thing: bpy.types.Object) -> bool:
    """True if light passes through a face of the object: glass, or an opacity below 1, or an opacity texture."""
    return any(material is not None and _passes_light(material) for material in _used_materials(thing))


def _used_materials(thing: bpy.types.Object) -> list[bpy.types.Material | None]:
    slots = np.empty(len(thing.data.polygons), np.int32)
    thing.data.polygons.foreach_get("material_index", slots)
    materials = [slot.material for slot in thing.material_slots]
    return [materials[i] for i in np.unique(slots) if i < len(materials)]


def _inputs(material: bpy.types.Material, name: str) -> list[bpy.types.NodeSocket]:
    """Return an input of every principled shader of a material."""
    nodes = material.node_tree.nodes if material.node_tree else ()
    return [node.inputs[name] for node in nodes if node.type == "BSDF_PRINCIPLED"]


def _clear(material: bpy.types.Material) -> bool:
    opacities = _inputs(material, "Alpha")
    return bool(opacities) and all(not alpha.is_linked and alpha.default_value == 0 for alpha in opacities)


def _passes_light(material: bpy.types.Material) -> bool:
    opacities, transmissions = _inputs(material, "Alpha"), _inputs(material, "Transmission Weight")
    return any(alpha.is_linked or alpha.default_value < 1 for alpha in opacities) or any(
        weight.is_linked or weight.default_value > 0 for weight in transmissions
    )


def _normalise(thing: bpy.types.Object, ref: ObjectRef) -> None:
    """Move the bounding box's centre to the origin and, if `ref.normalise`, scale the diagonal to 1.

    Raises
    ------
    AssetError : the coordinates are too large, or all vertices coincide; the object is removed.
    """
    mesh = thing.data
    points = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", points)
    corners = points.reshape(-1, 3).astype(np.float64)
    low, high = corners.min(0), corners.max(0)
    diagonal = float(np.linalg.norm(high - low))
    problem = None
    if not np.isfinite(corners).all():
        problem = "has coordinates too large for 32-bit numbers"
    elif not diagonal > 0:
        problem = "has no extent: all vertices coincide"
    elif diagonal > LARGEST and not ref.normalise:
        problem = f"is over {LARGEST} units large; the camera stands 2.5 units away, so normalise it to a diagonal of 1"
    if problem:
        bpy.data.objects.remove(thing)
        raise AssetError(f"{ref.shown} {problem}")
    centred = (corners - (low + high) / 2) / (diagonal if ref.normalise else 1.0)
    mesh.vertices.foreach_set("co", centred.astype(np.float32).ravel())
    mesh.update()
