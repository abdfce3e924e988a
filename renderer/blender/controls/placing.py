"""Positions on a sphere about the origin, and lamps and cameras that look at it."""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import bpy
    import mathutils


def spherical(radius: float, theta: float, phi: float) -> "mathutils.Vector":
    """Return the point at polar angle `theta` from +z and azimuth `phi` from +x towards +y, in radians."""
    import mathutils  # a part of Blender

    return radius * mathutils.Vector(
        (math.sin(theta) * math.cos(phi), math.sin(theta) * math.sin(phi), math.cos(theta))
    )


def look_at_origin(thing: "bpy.types.Object", position: "mathutils.Vector") -> None:
    """Place a camera or lamp at `position` and turn its -z axis to the origin, +y up."""
    thing.location = position
    thing.rotation_euler = (-position).to_track_quat("-Z", "Y").to_euler()
