"""Controls of further objects in the scene: their pose, and their place beside the object.

A recipe with `objects = 2` needs factors of `second`, one with 3 of `third` too, and so on.
"""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from .control import COMPANIONS, Component, Handles, Setter, control
from .placing import clear_distance

if TYPE_CHECKING:
    import bpy

_COMPONENTS = {
    axis: Component("rad", f"turns the further object about the world's {axis} axis, in the order x, y, z", needed=True)
    for axis in "xyz"
} | {
    "azimuth": Component("rad", "moves it around the object, from the world's +x towards +y", needed=True),
    "gap": Component("object", "moves it away from the object: distance between their bounding spheres", 0.0, 100.0),
}


def _set(handles: Handles, values: Mapping[str, float], number: int) -> None:
    """Turn a companion, and move it so far from the origin that its bounding sphere meets no earlier one."""
    thing, before = handles.companions[number], [handles.object, *handles.companions[:number]]
    thing.rotation_euler = (values["x"], values["y"], values["z"])
    direction = np.array([math.cos(values["azimuth"]), math.sin(values["azimuth"]), 0.0])
    spheres = [(np.array(other.location, np.float64), _radius(other)) for other in before]
    if handles.object.location.length:  # the object moves along its own axes, within the turned pivot
        spheres[0] = (np.zeros(3), spheres[0][1] + handles.object.location.length)
    distance = clear_distance(direction, _radius(thing) + values.get("gap", 0.0), spheres)
    thing.location = tuple(distance * direction)


def _radius(thing: "bpy.types.Object") -> float:
    """Return the radius of the sphere about an object's own origin that contains its bounding box."""
    corners = np.array(thing.bound_box, np.float64)
    return float(np.linalg.norm(corners, axis=1).max() * max(thing.scale))


def _setter(number: int) -> Setter:
    """Return the function that sets the pose and the place of a companion."""

    def companion(handles: Handles, values: Mapping[str, float]) -> None:
        _set(handles, values, number)

    return companion


for _number, _name in enumerate(COMPANIONS):
    control(_name, **_COMPONENTS)(_setter(_number))
