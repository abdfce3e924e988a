"""Assignment of a recipe's factors to controls: checks, and the function that applies their values to the scene."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from iebench.manifests.errors import SettingError
from iebench.manifests.factors import TURNS, Factor
from iebench.manifests.laws import support
from iebench.manifests.recipe import Quality, Recipe
from iebench.manifests.views import GivenViews

from ...errors import UnknownName
from .control import COMPANIONS, CONTROLS, Component, Handles

STEMS = {"rotation": "rot", "translation": "trans"}
SLACK = 1e-8  # tolerance of range checks: the ends of a law's range are known to nine decimals
NAMES = {f"{control}.{axis}": f"{stem}_{axis}" for control, stem in STEMS.items() for axis in "xyz"}
"""Component -> name of the factor that acts on it; a recipe chooses the names of all other factors."""
UNIFORMS = np.random.default_rng(0).random((64, 4))  # random numbers for examples of a law's values

__all__ = ["CONTROLS", "bind", "check_names", "check_values", "component_of", "quality_for", "wiring"]


def wiring(recipe: Recipe, source: str = "") -> dict[str, dict[str, str]]:
    """Return the assignment of factors to control components: control -> component -> factor's name.

    source : the recipe's name in messages; default: its own name

    Raises
    ------
    UnknownName : a factor acts on a control or a component that does not exist.
    SettingError : two factors act on one component, a needed component has no factor, or an angle has another unit.
    """
    source = source or f"recipe {recipe.name}"
    wires: dict[str, dict[str, str]] = {}
    for factor in recipe.factors:
        name, _, component = factor.acts_on.partition(".")
        start = f"{source}: factor {factor.name}: acts_on {factor.acts_on!r}: "
        if name not in CONTROLS:
            raise CONTROLS.unknown(name, start)
        if component not in CONTROLS[name].components:
            raise UnknownName(f"component of control {name}", component, CONTROLS[name].components, start)
        if other := wires.setdefault(name, {}).get(component):
            raise SettingError(f"{start}factor {other} acts on that already; leave one of them out")
        wires[name][component] = factor.name
    _check_companions(recipe, wires, source)
    for name, wired in wires.items():
        needed = [key for key, component in CONTROLS[name].components.items() if component.needed]
        if missing := [f"{name}.{key}" for key in needed if key not in wired]:
            raise SettingError(
                f"{source}: no factor acts on {' or '.join(missing)}, which control {name} needs besides "
                f"{', '.join(f'{name}.{key}' for key in wired)}; add a factor for each, with a constant law if it "
                "must not vary"
            )
    for factor in recipe.factors:
        unit = component_of(factor).unit
        if unit != factor.unit and unit in TURNS:
            raise SettingError(
                f"{source}: factor {factor.name} has the unit {factor.unit!r}, and {factor.acts_on} takes {unit!r}"
            )
    return wires


def _check_companions(recipe: Recipe, wires: Mapping[str, object], source: str) -> None:
    """Check that each further object of the scene has factors, and no other."""
    further = COMPANIONS[: recipe.objects - 1]
    for name in COMPANIONS:
        if (name in further) != (name in wires):
            problem = "no factor acts on" if name in further else "a factor acts on"
            raise SettingError(
                f"{source}: objects is {recipe.objects}, but {problem} {name}: give the object's factors and `objects` "
                "the same count, as the recipe two-objects does"
            )


def check_names(recipe: Recipe, source: str) -> None:
    """Check that the factors of rotation and translation have the names that methods and probes expect.

    A dataset with other names, from an older version, can be read, but has no pose.

    Raises
    ------
    SettingError : a factor acts on an axis of the rotation or translation and has another name.
    """
    for factor in recipe.factors:
        name = NAMES.get(factor.acts_on, factor.name)
        if name != factor.name:
            raise SettingError(
                f"{source}: factor {factor.name} acts on {factor.acts_on}: name it {name}, the name that methods and "
                "probes expect"
            )


def check_values(recipe: Recipe, views: GivenViews | None, source: str) -> None:
    """Check that the controls accept every value of the given views, or of the recipe's laws if none are given.

    source : file or recipe with the values, for the message

    Raises
    ------
    SettingError : a value is outside the range of its component, or not a whole number where one is required; the
        message names the factor and the remedy.
    """
    for factor in recipe.factors:
        component, remedy = component_of(factor), "change its values" if views else "change its law"
        values = views.values(factor.name) if views else factor.law.value(UNIFORMS, np.arange(len(UNIFORMS)))
        low, high = (values.min(), values.max()) if views else support(factor.law)
        least, most = component.limits(recipe.scene)
        if low < least - SLACK or high > most + SLACK:
            limits = f"from {least:g} to {most:g}" if math.isfinite(most) else f"of at least {least:g}"
            raise SettingError(
                f"{source}: {factor.name} reaches from {low:g} to {high:g}, but {factor.acts_on} takes values {limits} "
                f"({component.unit}): {remedy}"
            )
        if component.whole and (odd := values != np.round(values)).any():
            raise SettingError(
                f"{source}: {factor.name} has values such as {values[odd][0]:.4g}, but {factor.acts_on} takes whole "
                f"numbers: {remedy}"
            )


def component_of(factor: Factor) -> Component:
    """Return the component that a factor acts on."""
    name, _, component = factor.acts_on.partition(".")
    return CONTROLS[name].components[component]


def quality_for(recipe: Recipe, quality: Quality) -> Quality:
    """Return the quality to render with: if a factor puts detail on the floor, the ground gets all samples too."""
    smooth = all(component_of(factor).smooth for factor in recipe.factors)
    return quality if smooth else replace(quality, ground_samples=0)


def bind(recipe: Recipe) -> Callable[[Handles, Mapping[str, float]], None]:
    """Return a function that applies all latents of a recipe to the scene.

    The function raises PluginBroken if a control of another package fails.

    Raises
    ------
    UnknownName, SettingError : see `wiring`.
    """
    wires = dict(sorted(wiring(recipe).items(), key=lambda entry: entry[0] in COMPANIONS))  # stable: companions last

    def apply(handles: Handles, latents: Mapping[str, float]) -> None:
        for name, components in wires.items():
            values = {component: latents[factor] for component, factor in components.items()}
            CONTROLS.call(name, CONTROLS[name].apply, handles, values)

    return apply
