"""Controls: functions that apply a factor's value to the scene. One decorated function each, named in recipes.

A control `name` receives the values of all factors whose `acts_on` is "name.component", by component. A recipe uses all
components of a control or none. The entry point group `iebench.controls` names the module of a control of another
package.
"""

import colorsys
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from iebench.manifests.errors import SettingError
from iebench.manifests.installed.registry import Registry
from iebench.manifests.recipe import Recipe, Scene

from ..errors import UnknownName

if TYPE_CHECKING:  # recipes are checked against the controls in processes without Blender, too
    import bpy
    import mathutils


@dataclass
class Handles:
    """Parts of the Blender scene that controls change."""

    scene: Scene
    object: "bpy.types.Object"  # None until the first object is loaded; its parent is the pivot
    pivot: "bpy.types.Object"
    spot: "bpy.types.Object"
    floor_color: "bpy.types.NodeSocket"


Setter = Callable[[Handles, Mapping[str, float]], None]


@dataclass(frozen=True)
class Control:
    """A registered control: its function, and the components that it needs."""

    apply: Setter
    components: tuple[str, ...]


CONTROLS: Registry[Control] = Registry("control", "iebench.controls")


def control(name: str, *components: str) -> Callable[[Setter], Setter]:
    """Return a decorator that registers a control under its name in recipes, with the components that it needs."""
    return CONTROLS.register(name, lambda apply: Control(apply, components))


def wiring(recipe: Recipe, source: str = "") -> dict[str, dict[str, str]]:
    """Return the assignment of factors to control components: control -> component -> factor's name.

    source : the recipe's name in messages; default: its own name

    Raises
    ------
    UnknownName : a factor acts on a control or a component that does not exist.
    SettingError : two factors act on one component, or a control gets only some of its components.
    """
    source = source or f"recipe {recipe.name}"
    wires: dict[str, dict[str, str]] = {}
    for factor in recipe.factors:
        name, _, component = factor.acts_on.partition(".")
        where = f"{source}: factor {factor.name}: acts_on {factor.acts_on!r}: "
        if name not in CONTROLS:
            raise UnknownName("control", name, CONTROLS, where)
        if component not in (needed := CONTROLS[name].components):
            raise UnknownName(f"component of control {name}", component, needed, where)
        if other := wires.setdefault(name, {}).get(component):
            raise SettingError(f"{where}factor {other} acts on that already; leave one of them out")
        wires[name][component] = factor.name
    for name, components in wires.items():
        if lacking := [f"{name}.{component}" for component in CONTROLS[name].components if component not in components]:
            raise SettingError(
                f"{source}: no factor acts on {' or '.join(lacking)}, which control {name} needs beside "
                f"{', '.join(f'{name}.{component}' for component in components)}; add one each, of a constant law if "
                "it is not to vary"
            )
    return wires


def bind(recipe: Recipe) -> Callable[[Handles, Mapping[str, float]], None]:
    """Return a function that applies all latents of a recipe to the scene.

    Raises
    ------
    UnknownName, SettingError : see `wiring`.
    """
    wires = wiring(recipe)

    def apply(handles: Handles, latents: Mapping[str, float]) -> None:
        for name, components in wires.items():
            CONTROLS[name].apply(handles, {component: latents[factor] for component, factor in components.items()})

    return apply


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


@control("rotation", "x", "y", "z")
def rotation(handles: Handles, angles: Mapping[str, float]) -> None:
    """Set the pose; Blender's Euler order XYZ is scipy's extrinsic "xyz"."""
    handles.pivot.rotation_euler = (angles["x"], angles["y"], angles["z"])


@control("translation", "x", "y", "z")
def translation(handles: Handles, offset: Mapping[str, float]) -> None:
    """Translate along the object's own axes, that is before the rotation: the object moves on the rotated pivot."""
    handles.object.location = (offset["x"], offset["y"], offset["z"])


@control("floor", "hue")
def floor(handles: Handles, color: Mapping[str, float]) -> None:
    """Set the floor's HSV colour, used as linear RGB."""
    settings = handles.scene.floor
    handles.floor_color.default_value = (*colorsys.hsv_to_rgb(color["hue"], settings.saturation, settings.value), 1.0)


@control("spot", "theta", "phi", "hue")
def spot(handles: Handles, light: Mapping[str, float]) -> None:
    """Set the spot's position on its sphere and its HSV colour, used as linear RGB."""
    settings = handles.scene.spot
    look_at_origin(handles.spot, spherical(settings.radius, light["theta"], light["phi"]))
    handles.spot.data.color = colorsys.hsv_to_rgb(light["hue"], settings.saturation, settings.value)
