"""An image of the recipe's folder as a colour of the floor, upright for the recipe's camera and repeated."""

import math
from typing import TYPE_CHECKING

import numpy as np

from iebench.manifests.recipe import FloorImages, Scene

from ..floor_images import read_image

if TYPE_CHECKING:
    import bpy

NODE, NUMBER = "floor image", "number"


def image_socket(tree: "bpy.types.NodeTree", scene: Scene, number: int) -> "bpy.types.NodeSocket":
    """Return the colour of the node that shows an image, which replaces the image shown before.

    number : from 0, in the order of the recipe's files

    Raises
    ------
    SettingError : see `read_image`.
    """
    import bpy

    node = tree.nodes.get(NODE) or _node(tree, scene.camera.phi)
    if node.image is None or node.image[NUMBER] != number:
        before, node.image = node.image, _image(scene.floor.images, number)
        if before is not None:
            bpy.data.images.remove(before)
        width, (across, up) = scene.floor.images.width, node.image.size
        tree.nodes[f"{NODE} scale"].inputs[1].default_value = (1 / width, across / up / width, 0.0)
    return node.outputs["Color"]


def _node(tree: "bpy.types.NodeTree", phi: float) -> "bpy.types.Node":
    """Make the node; its coordinates are the world's, turned so that the image's right is that of a camera at `phi`.

    The image's centre lies below the origin.
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
    """Return an image in Blender's memory, which does not depend on Blender's readers of files."""
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
