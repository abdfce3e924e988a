"""The control of the camera: its position on a sphere about the origin, and its field of view. It faces the origin."""

import math
from collections.abc import Mapping

from .control import Component, Handles, control
from .placing import spherical


@control(
    "camera",
    azimuth=Component("rad", "moves the camera round the upright axis, from the world's +x towards +y"),
    elevation=Component("rad", "raises the camera above the horizon", -math.pi / 2, math.pi / 2),
    distance=Component("object", "moves the camera away from the origin: the picture shrinks", 0.001, 1e6),
    roll=Component("rad", "turns the camera counterclockwise about its line of sight: the picture turns clockwise"),
    field_of_view=Component("rad", "widens the picture's angle: the picture shrinks", 0.0065, 3.0),
)
def camera(handles: Handles, values: Mapping[str, float]) -> None:
    """Place the camera, with the horizon level unless it is rolled, and set its field of view."""
    default = handles.scene.camera
    theta = math.pi / 2 - values["elevation"] if "elevation" in values else default.theta
    phi = values.get("azimuth", default.phi)
    handles.camera.location = spherical(values.get("distance", default.radius), theta, phi)
    # A camera without rotation looks straight down. Angles define its orientation even at a pole, where a viewing
    # direction alone does not.
    handles.camera.rotation_euler = (theta, 0.0, phi + math.pi / 2)
    if "roll" in values:
        import mathutils  # a part of Blender

        level, roll = handles.camera.rotation_euler.to_matrix(), mathutils.Matrix.Rotation(values["roll"], 3, "Z")
        handles.camera.rotation_euler = (level @ roll).to_euler()
    handles.field_of_view = values.get("field_of_view", default.field_of_view)
    handles.camera.data.angle = handles.field_of_view
