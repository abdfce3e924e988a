"""The Blender scene built from a recipe's constants: camera, floor, sun, spot, world, and Cycles' render settings."""

import math

import bpy

from iebench.manifests.recipe import Quality, Recipe

from .controls.control import Handles
from .controls.placing import look_at_origin, spherical
from .zones import Window


def build_scene(recipe: Recipe, quality: Quality) -> Handles:
    """Replace Blender's current scene by the recipe's scene, without an object."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    constants = recipe.scene
    scene = bpy.context.scene

    lens = bpy.data.cameras.new("camera")
    lens.angle = constants.camera.field_of_view
    lens.clip_start, lens.clip_end = constants.camera.clip_start, constants.camera.clip_end
    camera = _add("camera", lens)
    look_at_origin(camera, spherical(constants.camera.radius, constants.camera.theta, constants.camera.phi))
    scene.camera = camera

    half, height = constants.floor.size / 2, constants.floor.height
    plane = bpy.data.meshes.new("floor")
    corners = [(-half, -half, height), (half, -half, height), (half, half, height), (-half, half, height)]
    plane.from_pydata(corners, [], [(0, 1, 2, 3)])
    floor_material = bpy.data.materials.new("floor")
    plane.materials.append(floor_material)
    _add("floor", plane)

    sun = bpy.data.lights.new("sun", "SUN")
    sun.energy, sun.angle = constants.sun.energy, constants.sun.angle
    if constants.sun.profile == "disc":
        _spread_over_disc(sun, constants.sun.angle)
    lamp = _add("sun", sun)  # a lamp without rotation points straight down

    cone = bpy.data.lights.new("spot", "SPOT")
    cone.energy, cone.spot_size, cone.spot_blend = constants.spot.energy, constants.spot.size, constants.spot.blend
    cone.shadow_soft_size = constants.spot.soft_size
    spot = _add("spot", cone)

    world = bpy.data.worlds.new("world")
    world.use_nodes = True
    background = world.node_tree.nodes["Background"].inputs["Color"]
    background.default_value = (*[constants.world.gray] * 3, 1.0)
    scene.world = world

    _render_settings(recipe)
    set_quality(quality)
    return Handles(
        scene=constants,
        object=None,
        pivot=_add("pivot", None),
        camera=camera,
        sun=lamp,
        spot=spot,
        floor_color=_diffuse(floor_material),
        background_color=background,
        field_of_view=constants.camera.field_of_view,
    )


def _spread_over_disc(sun: bpy.types.Light, angle: float) -> None:
    """Give a sun that points straight down the angular profile of Blender 3.

    Current Blender gives it the radiance E / (pi sin^2 h) over the cone of half angle h. Blender 3 spread E evenly over
    the disc of radius tan h at unit distance. There, an area A seen from below at angle t from the axis fills the solid
    angle A cos^3 t, so the radiance was E / (pi tan^2 h cos^3 t). The quotient is cos^2 h / cos^3 t.
    """
    sun.use_nodes = True
    nodes, links = sun.node_tree.nodes, sun.node_tree.links
    ray, parts = nodes.new("ShaderNodeNewGeometry"), nodes.new("ShaderNodeSeparateXYZ")
    links.new(ray.outputs["Incoming"], parts.inputs[0])
    value = parts.outputs["Z"]  # cosine of the angle to the axis, up to its sign
    for operation, number in (("ABSOLUTE", 0.0), ("POWER", -3.0), ("MULTIPLY", math.cos(angle / 2) ** 2)):
        step = nodes.new("ShaderNodeMath")
        step.operation, step.inputs[1].default_value = operation, number
        links.new(value, step.inputs[0])
        value = step.outputs[0]
    links.new(value, nodes["Emission"].inputs["Strength"])


def _add(name: str, data: bpy.types.ID | None) -> bpy.types.Object:
    thing = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(thing)
    return thing


def _diffuse(material: bpy.types.Material) -> bpy.types.NodeSocket:
    """Make a material ideally diffuse; return its colour socket.

    Newer versions of Blender ignore `material.diffuse_color`: a shader node must supply the colour.
    """
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    nodes.clear()
    shader, output = nodes.new("ShaderNodeBsdfDiffuse"), nodes.new("ShaderNodeOutputMaterial")
    shader.inputs["Roughness"].default_value = 0.0
    links.new(shader.outputs["BSDF"], output.inputs["Surface"])
    return shader.inputs["Color"]


def _render_settings(recipe: Recipe) -> None:
    scene = bpy.context.scene
    render, cycles = scene.render, scene.cycles
    render.engine = "CYCLES"
    render.resolution_x = render.resolution_y = recipe.resolution
    render.resolution_percentage = 100
    render.use_persistent_data = True
    render.filter_size = 1.5
    render.image_settings.file_format = "TARGA_RAW"  # the cheapest lossless format that a headless Blender writes
    render.image_settings.color_mode = "RGB"
    scene.view_settings.view_transform = recipe.scene.film.view_transform
    scene.view_settings.look = "None"
    scene.display_settings.display_device = "sRGB"

    cycles.seed = 0
    cycles.use_light_tree = False
    cycles.light_sampling_threshold = 0.01
    cycles.use_denoising = True
    cycles.denoiser = "OPENIMAGEDENOISE"
    cycles.denoising_input_passes = "RGB_ALBEDO_NORMAL"
    cycles.denoising_use_gpu = False  # denoising on a GPU gives different bytes

    bounces = recipe.scene.bounces
    cycles.max_bounces = bounces.total
    cycles.diffuse_bounces, cycles.glossy_bounces = bounces.diffuse, bounces.glossy
    cycles.transmission_bounces, cycles.volume_bounces = bounces.transmission, bounces.volume
    cycles.transparent_max_bounces = bounces.transparent
    cycles.sample_clamp_indirect, cycles.sample_clamp_direct = 10.0, 0.0
    cycles.blur_glossy = 1.0


def set_window(scene: bpy.types.Scene, size: int, window: Window | None) -> None:
    """Render images of `size` pixels from now on, or only a window of them."""
    render = scene.render
    render.resolution_x = render.resolution_y = size
    render.use_border = render.use_crop_to_border = window is not None
    if window is not None:  # Blender truncates fractions of a pixel; adding a half guards against rounding errors
        render.border_min_x, render.border_max_x = (window.left + 0.5) / size, (window.right + 0.5) / size
        render.border_min_y, render.border_max_y = 1 - (window.bottom - 0.5) / size, 1 - (window.top - 0.5) / size


def set_quality(quality: Quality) -> None:
    """Set the quality of the scene's next renders."""
    bpy.context.scene.render.dither_intensity = quality.dither
    cycles = bpy.context.scene.cycles
    cycles.samples, cycles.sampling_pattern = quality.samples, quality.sampling_pattern
    cycles.use_adaptive_sampling, cycles.adaptive_threshold = True, quality.noise_threshold
    cycles.adaptive_min_samples = quality.min_samples
    cycles.denoising_prefilter = quality.prefilter
