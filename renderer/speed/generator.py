"""The generator's method of rendering a view, in our scene: the baseline of the timings.

It uses BlenderProc's defaults: 100 samples, the denoiser as a compositor node with three filter passes, 8-bit PNG, an
EXR distance map that is written and read back, and the object's origin set again for each view. Blender 4 only, because
Blender 5 has no `scene.node_tree`.
"""

from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from iebench.manifests.recipe import Quality

from ..blender.scene import set_quality

REFERENCE = Quality(100, 0, 0.01, "AUTOMATIC", "ACCURATE", 1.0)


def as_generator(folder: Path) -> None:
    """Set up the scene to be rendered by the generator's method from now on, with files written to `folder`."""
    scene, layer = bpy.context.scene, bpy.context.view_layer
    set_quality(REFERENCE)
    scene.cycles.use_denoising = False
    scene.render.filepath = str(folder / "rgb.png")
    scene.render.image_settings.file_format, scene.render.image_settings.compression = "PNG", 15
    layer.use_pass_normal = layer.use_pass_diffuse_color = layer.use_pass_z = True
    scene.use_nodes = True
    nodes, links = scene.node_tree.nodes, scene.node_tree.links
    nodes.clear()
    layers, denoise = nodes.new("CompositorNodeRLayers"), nodes.new("CompositorNodeDenoise")
    output, distance = nodes.new("CompositorNodeComposite"), nodes.new("CompositorNodeOutputFile")
    distance.format.file_format, distance.base_path = "OPEN_EXR", str(folder)
    distance.file_slots[0].path = "distance_"
    for source, sink in (("Image", "Image"), ("DiffCol", "Albedo"), ("Normal", "Normal")):
        links.new(layers.outputs[source], denoise.inputs[sink])
    links.new(denoise.outputs["Image"], output.inputs["Image"])
    links.new(layers.outputs["Depth"], distance.inputs[0])


def render_as_generator(thing: bpy.types.Object) -> NDArray[np.uint8]:
    """Render one view of the current scene, after `as_generator`: (h, w, 3) uint8, RGB."""
    thing.select_set(True)
    bpy.context.view_layer.objects.active = thing
    bpy.ops.object.origin_set(type="ORIGIN_GEOMETRY", center="BOUNDS")
    bpy.ops.render.render(write_still=True)
    picture = Path(bpy.context.scene.render.filepath)
    with Image.open(picture) as image:
        pixels = np.asarray(image.convert("RGB"))
    for distance in picture.parent.glob("distance_*.exr"):
        distance.read_bytes()  # the generator decoded this file too
        distance.unlink()
    picture.unlink()
    return pixels
