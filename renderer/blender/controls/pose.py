"""Controls of the object: its pose, position and size."""

from collections.abc import Mapping

from .control import Component, Handles, control


@control(
    "rotation",
    x=Component("rad", "turns the object about the world's x axis, first of x, y, z", needed=True),
    y=Component("rad", "turns the object about the world's y axis, second of x, y, z", needed=True),
    z=Component("rad", "turns the object about the world's z axis, third of x, y, z", needed=True),
)
def rotation(handles: Handles, angles: Mapping[str, float]) -> None:
    """Set the pose; Blender's Euler order XYZ is scipy's extrinsic "xyz"."""
    handles.pivot.rotation_euler = (angles["x"], angles["y"], angles["z"])


@control(
    "translation",
    x=Component("object", "moves the object along its own x axis, before it is turned", needed=True),
    y=Component("object", "moves the object along its own y axis, before it is turned", needed=True),
    z=Component("object", "moves the object along its own z axis, before it is turned", needed=True),
)
def translation(handles: Handles, offset: Mapping[str, float]) -> None:
    """Translate along the object's own axes, that is before the rotation: the object moves within the rotated pivot."""
    handles.object.location = (offset["x"], offset["y"], offset["z"])


@control("object", scale=Component("times", "enlarges the object about its centre; 1: as it was loaded", 0.01, 100))
def size(handles: Handles, values: Mapping[str, float]) -> None:
    """Scale the object about its centre, before translation and rotation."""
    handles.object.scale = (values["scale"],) * 3
