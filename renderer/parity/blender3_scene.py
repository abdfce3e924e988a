"""Render views of OBJ files in Blender 3, like 3DIEBench's generator: `blender -b --python THIS -- JOB.json`.

It does not import iebench. The job is JSON: a recipe's `scene` table, `resolution`, `samples`, random `seed`, `dither`,
`importer`, and `jobs`. Each job is a mesh and its views. A view has the latents by control (`rotation`, `floor`,
`spot`) and the output `file`.
"""

import colorsys
import json
import math
import sys

import bpy
from mathutils import Vector


def spherical(radius, theta, phi):  # type: ignore[no-untyped-def]
    return radius * Vector((math.sin(theta) * math.cos(phi), math.sin(theta) * math.sin(phi), math.cos(theta)))


def pose(thing, position):  # type: ignore[no-untyped-def]
    """Place an object at `position`, facing the origin."""
    thing.location = position
    thing.rotation_euler = (-position).to_track_quat("-Z", "Y").to_euler()


def add(name, data):  # type: ignore[no-untyped-def]
    thing = bpy.data.objects.new(name, data)
    bpy.context.collection.objects.link(thing)
    return thing


def build(job):  # type: ignore[no-untyped-def]
    """Build the scene without an object; return floor and spot."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene, table = bpy.context.scene, job["scene"]
    camera, lens = table["camera"], bpy.data.cameras.new("camera")
    lens.angle, lens.clip_start, lens.clip_end = camera["field_of_view"], camera["clip_start"], camera["clip_end"]
    scene.camera = add("camera", lens)
    pose(scene.camera, spherical(camera["radius"], camera["theta"], camera["phi"]))

    bpy.ops.mesh.primitive_plane_add(size=table["floor"]["size"], location=(0, 0, table["floor"]["height"]))
    floor = bpy.context.object
    floor.data.materials.append(bpy.data.materials.new("floor"))  # without nodes, Cycles uses its viewport colour

    sun = bpy.data.lights.new("sun", "SUN")
    sun.energy, sun.angle = table["sun"]["energy"], table["sun"]["angle"]
    add("sun", sun)
    lamp = bpy.data.lights.new("spot", "SPOT")
    lamp.energy, lamp.spot_size, lamp.spot_blend = (table["spot"][k] for k in ("energy", "size", "blend"))
    lamp.shadow_soft_size = table["spot"]["soft_size"]
    spot = add("spot", lamp)

    scene.world = bpy.data.worlds.new("world")
    scene.world.use_nodes = True
    scene.world.node_tree.nodes["Background"].inputs["Color"].default_value = [table["world"]["gray"]] * 3 + [1]
    settings(job)
    return floor, spot


def settings(job):  # type: ignore[no-untyped-def]
    """Set the render settings that BlenderProc uses by default, with its denoiser in the compositor."""
    scene, bounces = bpy.context.scene, job["scene"]["bounces"]
    scene.render.engine = "CYCLES"
    scene.render.resolution_x = scene.render.resolution_y = job["resolution"]
    scene.render.image_settings.file_format, scene.render.image_settings.color_mode = "PNG", "RGB"
    scene.render.use_persistent_data = True
    scene.view_settings.view_transform = job["scene"]["film"]["view_transform"]
    cycles = scene.cycles
    cycles.samples, cycles.use_adaptive_sampling, cycles.adaptive_threshold = job["samples"], True, 0.01
    cycles.use_denoising = False
    cycles.seed, scene.render.dither_intensity = job["seed"], job["dither"]
    cycles.max_bounces = bounces["total"]
    for kind in ("diffuse", "glossy", "transmission", "volume"):
        setattr(cycles, kind + "_bounces", bounces[kind])
    cycles.transparent_max_bounces = bounces["transparent"]
    cycles.debug_use_spatial_splits = True
    bpy.context.view_layer.use_pass_normal = bpy.context.view_layer.use_pass_diffuse_color = True
    scene.use_nodes = True
    nodes, links = scene.node_tree.nodes, scene.node_tree.links
    nodes.clear()
    layers, denoise = nodes.new("CompositorNodeRLayers"), nodes.new("CompositorNodeDenoise")
    output = nodes.new("CompositorNodeComposite")
    for source, sink in (("Image", "Image"), ("DiffCol", "Albedo"), ("Normal", "Normal")):
        links.new(layers.outputs[source], denoise.inputs[sink])
    links.new(denoise.outputs["Image"], output.inputs["Image"])


def load(path, importer):  # type: ignore[no-untyped-def]
    """Load one OBJ file; apply the import's rotation to the mesh, move the bounding box's centre to the origin."""
    if importer == "python":  # BlenderProc's importer for ShapeNet with Blender 3
        bpy.ops.import_scene.obj(filepath=path)
    else:
        bpy.ops.wm.obj_import(filepath=path)
    things = [thing for thing in bpy.context.selected_objects if thing.type == "MESH"]
    bpy.ops.object.select_all(action="DESELECT")
    for thing in things:
        thing.select_set(True)
    bpy.context.view_layer.objects.active = things[0]
    if len(things) > 1:
        bpy.ops.object.join()
    thing = things[0]
    bpy.ops.object.transform_apply(location=False, rotation=True, scale=False)
    bpy.ops.object.origin_set(type="ORIGIN_GEOMETRY", center="BOUNDS")
    thing.location = (0, 0, 0)
    return thing


def turn_opacity_maps(thing):  # type: ignore[no-untyped-def]
    """Invert opacity maps in materials that have other images too, as BlenderProc's ShapeNet loader does."""
    for material in thing.data.materials:
        tree = material.node_tree if material else None
        if tree is None or sum(node.type == "TEX_IMAGE" for node in tree.nodes) < 2:
            continue
        (shader,) = (node for node in tree.nodes if node.type == "BSDF_PRINCIPLED")
        for link in list(shader.inputs["Alpha"].links):
            if link.from_node.type == "TEX_IMAGE":
                lack, source = tree.nodes.new("ShaderNodeInvert"), link.from_node.outputs["Color"]
                tree.links.remove(link)
                tree.links.new(source, lack.inputs["Color"])
                tree.links.new(lack.outputs["Color"], shader.inputs["Alpha"])


def render(job):  # type: ignore[no-untyped-def]
    floor, spot = build(job)
    scene = bpy.context.scene
    for entry in job["jobs"]:
        thing = load(entry["mesh"], job["importer"])
        turn_opacity_maps(thing)
        for view in entry["views"]:
            thing.rotation_euler = view["rotation"]
            table = job["scene"]["floor"]
            color = colorsys.hsv_to_rgb(view["floor"], table["saturation"], table["value"])
            floor.data.materials[0].diffuse_color = (*color, 1)
            table, (theta, phi, hue) = job["scene"]["spot"], view["spot"]
            pose(spot, spherical(table["radius"], theta, phi))
            spot.data.color = colorsys.hsv_to_rgb(hue, table["saturation"], table["value"])
            scene.render.filepath = view["file"]
            bpy.ops.render.render(write_still=True)
        bpy.data.objects.remove(thing)


if __name__ == "__main__":
    with open(sys.argv[sys.argv.index("--") + 1]) as file:  # noqa: PTH123
        render(json.load(file))
