"""Images on the floor: repeated, and upright for the recipe's camera."""

import math
from typing import TYPE_CHECKING

import numpy as np

from iebench.manifests.recipe import FloorImages, Scene

from ..floor_images import read_image

if TYPE_CHECKING:
    import bpy

NODE, NUMBER = "floor image", "number"


def image_socket(tree: "bpy.types.NodeTree", scene: Scene, number: int) -> "bpy.types.NodeSocket":
    """Show an image in place of the previous one; return the colour output of its node.

    number : from 0, in the order of the recipe's files

    Raises
    ------
    SettingError : see `read_image`.
    """
    import bpy

    node = tree.nodes.get(NODE) or _node(tree, scene.camera.phi)
    if node.image is None or node.image[NUMBER] != number:
        previous, node.image = node.image, _image(scene.floor.images, number)
        if previous is not None:
            bpy.data.images.remove(previous)
        width, (across, up) = scene.floor.images.width, node.image.size
        tree.nodes[f"{NODE} scale"].inputs[1].default_value = (1 / width, across / up / width, 0.0)
    return node.outputs["Color"]


def _node(tree: "bpy.types.NodeTree", phi: float) -> "bpy.types.Node":
    """Make the node of the images; the image's x axis points to the right of a camera at azimuth `phi`.

    The centre of the image lies below the origin.
    """
    node, geometry = tree.nodes.new("ShaderNodeTexImage"), tree.nodes.new("ShaderNodeNewGeometry")
    turn, scale = tree.nodes.new("ShaderNodeVectorRotate"), tree.nodes.new("ShaderNodeVectorMath")
    node.name, scale.name = NODE, f"{NODE} scale"
    turn.rotation_type, turn.inputs["Angle"].default_value = "Z_AXIS", -(phi + math.pi / 2)
    scale.operation, scale.inputs[2].default_value = "MULTIPLY_ADD", (0.5, 0.5, 0.0)
    tree.links.new(geometry.outputs["Position"], turn.inputs["Vector"])
    tree.links.new(turn.outputs["Vector"], scale.inputs[0])
    tree.links.new(scale.outputs["Vector"], node.inputs["Vector"])
    return node


def _image(images: FloorImages, number: int) -> "bpy.types.Image":
    """Copy the pixels of an image into a Blender image, without Blender's own file readers."""
    import bpy

    rgb = read_image(images, number)
    height, width, _ = rgb.shape
    image = bpy.data.images.new(NODE, width, height)  # 8 bits a channel, sRGB
    pixels = np.ones((height, width, 4), np.float32)
    pixels[..., :3] = rgb[::-1] / np.float32(255)  # Blender's first row is the lowest
    image.pixels.foreach_set(pixels.ravel())
    image.update()
    image[NUMBER] = number
    return image
