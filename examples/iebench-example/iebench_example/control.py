"""The control `lamp`: a recipe's factor with `acts_on = "lamp.radius"` sets the size of the lamp.

Rendering processes import this file, so it has to be installed; what a notebook defines they cannot see. Import bpy
inside functions only, because recipes are checked in processes without Blender, too.
"""

from collections.abc import Mapping

from iebench.renderer.blender.controls.control import Component, Handles, control


@control("lamp", radius=Component("object", "softens the shadows of the spot", low=0.0, high=10.0))
def lamp(handles: Handles, values: Mapping[str, float]) -> None:
    """Set the radius of the spot's lamp, a sphere. Called for every view, after the object has been loaded."""
    handles.spot.data.shadow_soft_size = values["radius"]
