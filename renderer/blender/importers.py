"""Import of clean mesh files into Blender, each as one object: y up in OBJ and glTF, z up in PLY, STL and OFF."""

from pathlib import Path
from typing import Any, NamedTuple

import bpy
import numpy as np
import trimesh
from numpy.typing import NDArray

from ..errors import AssetError
from ..meshes.clean import CleanMesh
from ..meshes.plain.plain import texture_files
from ..meshes.plain.ply import TEXTURE_NUMBER
from ..meshes.shared.near import check_near, far_centre, move_obj
from .faces import drop_doubles, keep_corner_normals


class Imported(NamedTuple):
    """An imported object in the scene, with its pose applied to its vertices.

    unread : names of textures that Blender could not read; doubles : number of duplicate faces that were removed
    """

    object: bpy.types.Object
    unread: tuple[str, ...]
    doubles: int


def import_mesh(mesh: CleanMesh, loaded: trimesh.Trimesh) -> Imported:
    """Import a mesh into the scene as one object.

    loaded : the mesh's triangles; for PLY, STL and OFF, Blender gets these instead of the file

    A mesh far from its origin is moved there first, because Blender stores coordinates in 32 bits.

    Raises
    ------
    AssetError : Blender refuses the file or finds no faces in it, or the coordinates are too far from their origin.
    """
    suffix, centre = mesh.path.suffix, far_centre(loaded)
    if suffix in (".gltf", ".ply", ".stl"):
        check_near(mesh.name, loaded)
    if suffix == ".obj":
        if centre.any():
            move_obj(mesh.path, centre)
        thing = _join(mesh, _imported(mesh, "wm.obj_import", forward_axis="NEGATIVE_Z", up_axis="Y"))
        if not any(thing.data.materials) and thing.data.color_attributes:
            _paint(thing.data, thing.data.color_attributes[0].name)
    elif suffix == ".gltf":
        options = {"disable_bone_shape": True, "import_scene_as_collection": False, "import_scene_extras": False}
        thing = _join(mesh, _imported(mesh, "import_scene.gltf", **options))
    else:
        thing = _from_arrays(loaded, centre, texture_files(mesh.path))
    keep_corner_normals(thing.data)
    doubles = drop_doubles(thing.data)
    for image in bpy.data.images:  # pack images into memory: the clean copy of the files is deleted soon
        if image.source == "FILE" and not image.packed_file and min(image.size) > 0:
            image.pack()
    return Imported(thing, _take_out_unread(thing), doubles)


def _imported(mesh: CleanMesh, operator: str, **options: object) -> list[bpy.types.Object]:
    """Run an importer; return the objects that it made."""
    before = set(bpy.data.objects)
    group, name = operator.split(".")
    if operator == "wm.obj_import":
        options |= {"use_split_objects": False, "validate_meshes": False}
    try:
        getattr(getattr(bpy.ops, group), name)(filepath=str(mesh.path), **options)
    except RuntimeError as error:
        raise AssetError(
            f"{mesh.name} is refused by Blender's importer: open it in Blender to see the reason, and save it again"
        ) from error
    return [thing for thing in bpy.data.objects if thing not in before]


def _join(mesh: CleanMesh, things: list[bpy.types.Object]) -> bpy.types.Object:
    """Join all imported faces to one object without a transform; the importer's own objects are removed."""
    depsgraph = bpy.context.evaluated_depsgraph_get()
    parts = []
    for thing in things:
        if thing.type != "MESH":
            continue
        part = bpy.data.meshes.new_from_object(
            thing.evaluated_get(depsgraph), preserve_all_data_layers=True, depsgraph=depsgraph
        )
        part.transform(thing.matrix_world)  # so that rotation zero is upright
        if thing.matrix_world.determinant() < 0:
            part.flip_normals()
        parts.append(_link(part))
    for thing in things:
        bpy.data.objects.remove(thing)
    if sum(len(part.data.polygons) for part in parts) == 0:
        for part in parts:
            bpy.data.objects.remove(part)
        raise AssetError(f"{mesh.name} holds no faces")
    if len(parts) > 1:
        with bpy.context.temp_override(
            active_object=parts[0], object=parts[0], selected_objects=parts, selected_editable_objects=parts
        ):
            bpy.ops.object.join()
    return parts[0]


def _link(data: bpy.types.Mesh) -> bpy.types.Object:
    thing = bpy.data.objects.new("object", data)
    bpy.context.scene.collection.objects.link(thing)
    return thing


def _from_arrays(loaded: trimesh.Trimesh, origin: NDArray[np.float64], textures: dict[int, Path]) -> bpy.types.Object:
    """Make an object of flat-shaded triangles, with vertex colours, face colours or textures, else in plain grey."""
    data = bpy.data.meshes.new("object")
    faces = np.asarray(loaded.faces, np.int32)
    data.vertices.add(len(loaded.vertices))
    data.vertices.foreach_set("co", (np.asarray(loaded.vertices) - origin).astype(np.float32).ravel())
    data.loops.add(faces.size)
    data.loops.foreach_set("vertex_index", faces.ravel())
    data.polygons.add(len(faces))
    data.polygons.foreach_set("loop_start", np.arange(0, faces.size, 3, dtype=np.int32))
    data.update(calc_edges=True)
    data.shade_flat()
    visual: Any = loaded.visual
    if visual.kind == "texture" and visual.uv is not None:
        layer = data.uv_layers.new(name="uv")
        layer.data.foreach_set("uv", np.asarray(visual.uv, np.float32)[faces.ravel()].ravel())
        numbers, slots = np.unique(loaded.face_attributes[TEXTURE_NUMBER], return_inverse=True)
        for number in numbers:
            image = bpy.data.images.load(str(textures[number])) if number in textures else None
            data.materials.append(_painted(image=image))
        data.polygons.foreach_set("material_index", slots.astype(np.int32))
    elif visual.kind in ("vertex", "face"):
        colors = (
            visual.vertex_colors[faces.ravel()] if visual.kind == "vertex" else visual.face_colors.repeat(3, axis=0)
        )
        attribute = data.color_attributes.new("Col", "BYTE_COLOR", "CORNER")  # Cycles reserves the name "color"
        attribute.data.foreach_set("color_srgb", (colors.astype(np.float32) / 255).ravel())
        _paint(data, attribute.name)
    return _link(data)


def _paint(data: bpy.types.Mesh, attribute: str) -> None:
    """Give a mesh one material in the colours of an attribute."""
    data.materials.clear()
    data.materials.append(_painted(attribute))


def _painted(attribute: str = "", image: bpy.types.Image | None = None) -> bpy.types.Material:
    """Make a material in the colours of an attribute or of an image; plain grey without either."""
    material = bpy.data.materials.new("paint")
    material.use_nodes = True
    nodes = material.node_tree.nodes
    if image is not None:
        node = nodes.new("ShaderNodeTexImage")
        node.image = image
    elif attribute:
        node = nodes.new("ShaderNodeVertexColor")
        node.layer_name = attribute
    else:
        return material
    material.node_tree.links.new(node.outputs["Color"], nodes["Principled BSDF"].inputs["Base Color"])
    return material


def _take_out_unread(thing: bpy.types.Object) -> tuple[str, ...]:
    """Remove unreadable textures from the materials, where they would render magenta; return their names."""
    unread = []
    for material in thing.data.materials:
        if material is None or material.node_tree is None:
            continue
        for node in list(material.node_tree.nodes):
            if node.type == "TEX_IMAGE" and (node.image is None or min(node.image.size) == 0):
                unread.append(node.image.name if node.image else "unnamed")
                material.node_tree.nodes.remove(node)
    return tuple(unread)
