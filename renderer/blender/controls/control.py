"""The interface of controls: the parts of the scene that they change, and the decorator that registers them.

A control `name` receives the values of all factors whose `acts_on` is "name.component", by component. A component that
no factor of the recipe acts on keeps the value of the recipe's scene, unless the control needs it. The entry point
group `iebench.controls` names the module of each control, iebench's or another package's.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from iebench.manifests.installed.registry import Registry
from iebench.manifests.recipe import Scene

if TYPE_CHECKING:  # processes without Blender use this module too, to check recipes
    import bpy


COMPANIONS = ("second", "third", "fourth")
"""Controls of the further objects in order. They are applied after all others: their places depend on the object's."""


@dataclass
class Handles:
    """Parts of the Blender scene that controls change.

    companions : further objects of the scene, in the order of their controls
    field_of_view : field of view of the camera in radians, in 64 bits; Blender itself stores it in 32 bits
    """

    scene: Scene
    object: "bpy.types.Object"  # child of the pivot; None until the first object is loaded
    pivot: "bpy.types.Object"
    camera: "bpy.types.Object"
    sun: "bpy.types.Object"
    spot: "bpy.types.Object"
    floor_color: "bpy.types.NodeSocket"
    background_color: "bpy.types.NodeSocket"
    field_of_view: float
    companions: "list[bpy.types.Object]" = field(default_factory=list)


@dataclass(frozen=True)
class Component:
    """An argument of a control, on which one factor of a recipe acts.

    unit : unit of its values; a factor that acts on an angle must have the same unit
    moves : change of the image when the value grows, as a phrase for the table of controls
    low, high : smallest and largest value that the control accepts
    most : function from the recipe's scene to the largest value, if that depends on the scene; else None
    needed : True if a recipe that uses the control must have a factor for this component
    whole : True if the values are whole numbers: a count, or the number of a choice
    smooth : False if the value may put detail on the floor; the floor then gets as many samples as the object
    """

    unit: str
    moves: str
    low: float = -math.inf
    high: float = math.inf
    needed: bool = False
    whole: bool = False
    smooth: bool = True
    most: Callable[[Scene], float] | None = None

    def limits(self, scene: Scene) -> tuple[float, float]:
        """Return the smallest and the largest value in a recipe's scene."""
        return self.low, self.most(scene) if self.most else self.high


Setter = Callable[[Handles, Mapping[str, float]], None]


@dataclass(frozen=True)
class Control:
    """A registered control: the function that applies values by component, and its components by name."""

    apply: Setter
    components: Mapping[str, Component]


CONTROLS: Registry[Control] = Registry("control", "iebench.controls")


def control(name: str, **components: Component) -> Callable[[Setter], Setter]:
    """Return a decorator that registers a control under its name in recipes, with its components."""
    return CONTROLS.register(name, lambda apply: Control(apply, components))
