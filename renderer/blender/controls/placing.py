"""Positions about the origin: of lamps and cameras that look at it, and of objects beside each other."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

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


def clear_distance(
    direction: NDArray[np.float64], radius: float, spheres: Sequence[tuple[NDArray[np.float64], float]]
) -> float:
    """Return the smallest distance from the origin at which a sphere meets none of the others.

    direction : (3,) unit vector from the origin to the sphere's centre; radius : of the sphere
    spheres : centre (3,) and radius of each of the others
    """
    blocked = []
    for centre, other in spheres:
        along = float(direction @ centre)
        half = (radius + other) ** 2 - float(centre @ centre) + along**2
        if half > 0:
            blocked.append((along - math.sqrt(half), along + math.sqrt(half)))
    distance = 0.0
    for low, high in sorted(blocked):
        if low < distance < high:
            distance = high
    return distance
