"""The control of the floor: its HSV colour and its pattern."""

import colorsys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from .control import Component, Handles, control

if TYPE_CHECKING:
    import bpy

DARK = 0.4  # of the pattern's second colour, relative to the floor's
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
"""Patterns after the plain floor: Blender's texture node with its properties, its output, and its inputs."""


@control(
    "floor",
    hue=Component("turn", "changes the hue of the floor", needed=True),
    saturation=Component("share", "changes the floor from grey to full colour", 0, 1),
    value=Component("share", "brightens the floor", 0, 1),
    texture=Component(
        "number", f"chooses the floor's pattern: 0 plain, {', '.join(f'{i} {n}' for i, n in enumerate(PATTERNS, 1))}",
        0, len(PATTERNS), whole=True, smooth=False,
    ),
)  # fmt: skip
def floor(handles: Handles, values: Mapping[str, float]) -> None:
    """Set the floor's HSV colour, used as linear RGB, and its pattern in that colour and a darker one."""
    settings = handles.scene.floor
    saturation, value = values.get("saturation", settings.saturation), values.get("value", settings.value)
    color = (*colorsys.hsv_to_rgb(values["hue"], saturation, value), 1.0)
    handles.floor_color.default_value = color
    if "texture" in values:
        _paint(handles.floor_color, color, round(values["texture"]))


def _paint(socket: "bpy.types.NodeSocket", color: tuple[float, ...], number: int) -> None:
    """Let a pattern supply a material's colour; 0 for none."""
    tree = socket.id_data
    if number == 0:
        for link in list(socket.links):
            tree.links.remove(link)
        return
    if "pattern" not in tree.nodes:
        mix = tree.nodes.new("ShaderNodeMix")
        mix.name, mix.data_type = "pattern", "RGBA"
    mix = tree.nodes["pattern"]
    factor, first, second = (mix.inputs[i] for i in (0, 6, 7))  # of the many inputs, those for colours
    first.default_value, second.default_value = color, (*(DARK * channel for channel in color[:3]), 1.0)
    tree.links.new(_pattern(tree, list(PATTERNS)[number - 1]), factor)
    tree.links.new(mix.outputs[2], socket)


def _pattern(tree: "bpy.types.NodeTree", name: str) -> "bpy.types.NodeSocket":
    """Return the output of a pattern's node, which is made at its first use; its coordinates are the world's."""
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
