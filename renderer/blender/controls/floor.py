"""The control of the floor: its HSV colour, its pattern and its image."""

import colorsys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from .control import Component, Handles, control
from .floor_image import image_socket

if TYPE_CHECKING:
    import bpy

FACTOR, FIRST, SECOND, RESULT = 0, 6, 7, 2  # numbers of a mixing node's sockets for colours
DARK = 0.4  # brightness of a pattern's second colour relative to the floor's colour
PATTERNS: dict[str, tuple[str, dict[str, object], str, dict[str, float]]] = {
    "checks": ("ShaderNodeTexChecker", {}, "Fac", {"Scale": 2.0}),
    "stripes": ("ShaderNodeTexWave", {"wave_type": "BANDS", "bands_direction": "DIAGONAL"}, "Fac", {"Scale": 0.5}),
    "rings": ("ShaderNodeTexWave", {"wave_type": "RINGS", "rings_direction": "Z"}, "Fac", {"Scale": 0.8}),
    "bricks": ("ShaderNodeTexBrick", {}, "Fac", {"Scale": 1.5, "Mortar Size": 0.04}),
    "marble": (
        "ShaderNodeTexWave",
        {"wave_type": "BANDS"},
        "Fac",
        {"Scale": 0.6, "Distortion": 8.0, "Detail Scale": 1.5},
    ),
}
"""Patterns, numbered from 1: type of Blender's texture node, its properties, its output, its inputs."""


@control(
    "floor",
    hue=Component("turn", "changes the hue of the floor", needed=True),
    saturation=Component("share", "changes the floor from grey to full colour", 0, 1),
    value=Component("share", "brightens the floor", 0, 1),
    texture=Component(
        "number", f"chooses the floor's pattern: 0 plain, {', '.join(f'{i} {n}' for i, n in enumerate(PATTERNS, 1))}",
        0, len(PATTERNS), whole=True, smooth=False,
    ),
    image=Component(
        "number", "chooses an image of a folder for the floor: 0 none, 1 the first by name", 0, whole=True,
        smooth=False, most=lambda scene: len(scene.floor.images.files),
    ),
)  # fmt: skip
def floor(handles: Handles, values: Mapping[str, float]) -> None:
    """Set the floor's HSV colour, used as linear RGB, its pattern in that colour and a darker one, and its image.

    The image is multiplied by the colour, so that the colour's factors stay visible. Saturation 0 and value 1 leave it
    unchanged.
    """
    settings, socket = handles.scene.floor, handles.floor_color
    saturation, value = values.get("saturation", settings.saturation), values.get("value", settings.value)
    color = (*colorsys.hsv_to_rgb(values["hue"], saturation, value), 1.0)
    socket.default_value = color
    paint = None
    if pattern := round(values.get("texture", 0)):
        dark = (*(DARK * channel for channel in color[:3]), 1.0)
        paint = _mixed(socket.id_data, "pattern", color, dark)
        socket.id_data.links.new(_pattern(socket.id_data, list(PATTERNS)[pattern - 1]), paint.inputs[FACTOR])
    if image := round(values.get("image", 0)):
        paint = _tinted(handles, image - 1, color, paint)
    for link in list(socket.links):
        socket.id_data.links.remove(link)
    if paint is not None:
        socket.id_data.links.new(paint.outputs[RESULT], socket)


def _mixed(
    tree: "bpy.types.NodeTree", name: str, first: tuple[float, ...], second: tuple[float, ...] | None
) -> "bpy.types.Node":
    """Return the node called `name`, which mixes two colours; its first use creates it."""
    if name not in tree.nodes:
        mix = tree.nodes.new("ShaderNodeMix")
        mix.name, mix.data_type = name, "RGBA"
    mix = tree.nodes[name]
    for index, color in ((FIRST, first), (SECOND, second)):
        if color is not None:
            mix.inputs[index].default_value = color
    return mix


def _tinted(
    handles: Handles, number: int, color: tuple[float, ...], pattern: "bpy.types.Node | None"
) -> "bpy.types.Node":
    """Return the node that multiplies an image by the floor's pattern, or by its colour if there is no pattern."""
    tree = handles.floor_color.id_data
    tint = _mixed(tree, "tint", color, None)
    tint.blend_type, tint.inputs[FACTOR].default_value = "MULTIPLY", 1.0
    for link in list(tint.inputs[FIRST].links):
        tree.links.remove(link)
    if pattern is not None:
        tree.links.new(pattern.outputs[RESULT], tint.inputs[FIRST])
    tree.links.new(image_socket(tree, handles.scene, number), tint.inputs[SECOND])
    return tint


def _pattern(tree: "bpy.types.NodeTree", name: str) -> "bpy.types.NodeSocket":
    """Return the output of a pattern's node, which uses world coordinates; its first use creates it."""
    kind, properties, output, inputs = PATTERNS[name]
    if name not in tree.nodes:
        node, geometry = tree.nodes.new(kind), tree.nodes.new("ShaderNodeNewGeometry")
        node.name = name
        for key, value in properties.items():
            setattr(node, key, value)
        for key, value in inputs.items():
            node.inputs[key].default_value = value
        tree.links.new(geometry.outputs["Position"], node.inputs["Vector"])
    return tree.nodes[name].outputs[output]
