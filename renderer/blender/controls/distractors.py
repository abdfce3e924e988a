"""The control of distractors: solids on the floor, behind and beside the object as the recipe's camera sees it."""

import math
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from .control import Component, Handles, control

if TYPE_CHECKING:
    import bpy

    from ...builtin.kit import Part

BLUE, RED, SAND, GREEN = (0.1, 0.2, 0.5), (0.5, 0.08, 0.06), (0.6, 0.45, 0.2), (0.08, 0.3, 0.1)
MOST = 8  # solids


@cache
def solids() -> "tuple[tuple[float, float, Part], ...]":
    """Return each solid with its distances to the right and away from the camera, along the floor from the origin."""
    from ...builtin.kit import box, cylinder, ellipsoid, frustum  # with trimesh, which checks need not load

    return (
        (0.95, 0.8, box((0.3, 0.3, 0.3), (0, 0, 0.15), BLUE)),
        (-0.95, 1.3, frustum(0.2, 0.0, 0.4, (0, 0, 0.2), RED)),
        (0.85, 2.1, cylinder(0.17, 0.35, (0, 0, 0.175), SAND)),
        (-0.9, 0.2, ellipsoid((0.18, 0.18, 0.18), (0, 0, 0.18), GREEN)),
        (1.0, -0.1, frustum(0.18, 0.0, 0.35, (0, 0, 0.175), SAND)),
        (-0.5, 2.4, box((0.3, 0.3, 0.4), (0, 0, 0.2), GREEN)),
        (-1.3, 2.3, cylinder(0.15, 0.4, (0, 0, 0.2), BLUE)),
        (0.25, 2.9, ellipsoid((0.22, 0.22, 0.22), (0, 0, 0.22), RED)),
    )


@control(
    "distractors",
    count=Component("number", "puts solids on the floor beside the object", 0, MOST, smooth=False),
)
def distractors(handles: Handles, values: Mapping[str, float]) -> None:
    """Show the first solids of the list and hide the others."""
    for number, (aside, away, solid) in enumerate(solids()):
        _solid(handles, f"distractor {number}", aside, away, solid).hide_render = number >= round(values["count"])


def _solid(handles: Handles, name: str, aside: float, away: float, solid: "Part") -> "bpy.types.Object":
    """Return a solid, which is made at its first use, in all scenes: passes are rendered through one of their own."""
    import bpy

    if name in bpy.data.objects:
        return bpy.data.objects[name]
    phi = handles.scene.camera.phi
    forward, right = np.array([-math.cos(phi), -math.sin(phi)]), np.array([-math.sin(phi), math.cos(phi)])
    place = (*(aside * right + away * forward), handles.scene.floor.height)
    mesh, paint = bpy.data.meshes.new(name), bpy.data.materials.new(name)
    mesh.from_pydata(solid.vertices.tolist(), [], solid.faces.tolist())
    paint.use_nodes = True
    paint.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value = (*solid.color, 1.0)
    mesh.materials.append(paint)
    thing = bpy.data.objects.new(name, mesh)
    thing.location = place
    for scene in bpy.data.scenes:
        scene.collection.objects.link(thing)
    return thing
