"""Controls: how a factor's value acts on the scene. One decorated function each; a recipe's factors name them.

A control `name` gets the values of all factors whose `acts_on` is "name.component", by component.
"""

import colorsys
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import bpy
import mathutils

from iebench.manifests.recipe import Recipe, Scene

from .errors import UnknownName


@dataclass
class Handles:
    """The parts of the Blender scene that controls move."""

    scene: Scene
    object: bpy.types.Object  # None until the first one is loaded; hangs on the pivot
    pivot: bpy.types.Object
    spot: bpy.types.Object
    floor_color: bpy.types.NodeSocket


Control = Callable[[Handles, Mapping[str, float]], None]
CONTROLS: dict[str, Control] = {}


def control(name: str) -> Callable[[Control], Control]:
    """Register a control under the name that factors act on."""

    def register(function: Control) -> Control:
        CONTROLS[name] = function
        return function

    return register


def bind(recipe: Recipe) -> Callable[[Handles, Mapping[str, float]], None]:
    """A function that puts all latents of a recipe into the scene.

    Raises
    ------
    UnknownName : a factor acts on a control that does not exist.
    """
    wiring: dict[str, dict[str, str]] = {}
    for factor in recipe.factors:
        name, _, component = factor.acts_on.partition(".")
        if name not in CONTROLS:
            raise UnknownName("control", name, CONTROLS, f"factor {factor.name} of recipe {recipe.name}: ")
        wiring.setdefault(name, {})[component] = factor.name

    def apply(handles: Handles, latents: Mapping[str, float]) -> None:
        for name, components in wiring.items():
            CONTROLS[name](handles, {component: latents[factor] for component, factor in components.items()})

    return apply


def spherical(radius: float, theta: float, phi: float) -> mathutils.Vector:
    """The point at polar angle `theta` from +z and azimuth `phi` from +x towards +y."""
    return radius * mathutils.Vector(
        (math.sin(theta) * math.cos(phi), math.sin(theta) * math.sin(phi), math.cos(theta))
    )


def look_at_origin(thing: bpy.types.Object, position: mathutils.Vector) -> None:
    """Place a camera or lamp and turn its -z to the origin, +y up."""
    thing.location = position
    thing.rotation_euler = (-position).to_track_quat("-Z", "Y").to_euler()


@control("rotation")
def rotation(handles: Handles, angles: Mapping[str, float]) -> None:
    """Blender's Euler order XYZ is scipy's extrinsic "xyz"."""
    handles.pivot.rotation_euler = (angles["x"], angles["y"], angles["z"])


@control("translation")
def translation(handles: Handles, offset: Mapping[str, float]) -> None:
    """Along the object's own axes, so before the rotation: the object moves on the pivot, which turns."""
    handles.object.location = (offset["x"], offset["y"], offset["z"])


@control("floor")
def floor(handles: Handles, color: Mapping[str, float]) -> None:
    """The floor's HSV colour, taken as linear."""
    settings = handles.scene.floor
    handles.floor_color.default_value = (*colorsys.hsv_to_rgb(color["hue"], settings.saturation, settings.value), 1.0)


@control("spot")
def spot(handles: Handles, light: Mapping[str, float]) -> None:
    """The spot's place on its sphere and its HSV colour, taken as linear."""
    settings = handles.scene.spot
    look_at_origin(handles.spot, spherical(settings.radius, light["theta"], light["phi"]))
    handles.spot.data.color = colorsys.hsv_to_rgb(light["hue"], settings.saturation, settings.value)
