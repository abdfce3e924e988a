"""The control of distractors: solids on the floor, behind and beside the object as the recipe's camera sees it."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from .control import Component, Handles, control

if TYPE_CHECKING:
    import bpy

    from ...builtin.kit import Color, Part

BLUE, RED, PURPLE, GREEN = (0.1, 0.2, 0.5), (0.5, 0.08, 0.06), (0.3, 0.07, 0.4), (0.08, 0.3, 0.1)
SOLIDS = (
    (0.95, 0.8, "cube", BLUE),
    (-0.95, 1.3, "cone", RED),
    (0.85, 2.1, "cylinder", PURPLE),
    (-0.9, 0.2, "ball", GREEN),
    (0.8, -0.15, "cone", PURPLE),
    (-0.5, 2.4, "cube", GREEN),
    (-1.3, 2.3, "cylinder", BLUE),
    (0.25, 2.9, "ball", RED),
)
"""Position, shape and colour of each solid.

Positions are distances to the camera's right and away from it, on the floor, from the point below the origin.
"""


@control(
    "distractors",
    count=Component("number", "puts solids on the floor beside the object", 0, len(SOLIDS), whole=True, smooth=False),
)
def distractors(handles: Handles, values: Mapping[str, float]) -> None:
    """Show the first solids of the list and hide the others."""
    for number in range(len(SOLIDS)):
        _solid(handles, number).hide_render = number >= round(values["count"])


def _solid(handles: Handles, number: int) -> "bpy.types.Object":
    """Return a solid. Its first use creates it, in all scenes: passes are rendered in a scene of their own."""
    import bpy

    name = f"distractor {number}"
    if name in bpy.data.objects:
        return bpy.data.objects[name]
    aside, away, shape, color = SOLIDS[number]
    solid, phi = _shape(shape, color), handles.scene.camera.phi
    forward, right = np.array([-math.cos(phi), -math.sin(phi)]), np.array([-math.sin(phi), math.cos(phi)])
    mesh, paint = bpy.data.meshes.new(name), bpy.data.materials.new(name)
    mesh.from_pydata(solid.vertices.tolist(), [], solid.faces.tolist())
    mesh.shade_smooth()
    mesh.set_sharp_from_angle(angle=math.radians(40))
    paint.use_nodes = True
    paint.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value = (*color, 1.0)
    mesh.materials.append(paint)
    thing = bpy.data.objects.new(name, mesh)
    thing.location = (*(aside * right + away * forward), handles.scene.floor.height)
    for scene in bpy.data.scenes:
        scene.collection.objects.link(thing)
    return thing


def _shape(name: str, color: "Color") -> "Part":
    """Return a solid that stands on the plane z = 0."""
    from ...builtin import kit  # it loads trimesh, which the checks of recipes do not need

    match name:
        case "cube":
            return kit.box((0.3, 0.3, 0.3), (0, 0, 0.15), color)
        case "cone":
            return kit.frustum(0.2, 0.0, 0.4, (0, 0, 0.2), color)
        case "cylinder":
            return kit.cylinder(0.16, 0.36, (0, 0, 0.18), color)
        case _:
            return kit.ellipsoid((0.18, 0.18, 0.18), (0, 0, 0.18), color)
