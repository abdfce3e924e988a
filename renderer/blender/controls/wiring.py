"""The factors of a recipe assigned to the controls, checked, and applied to the scene."""

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
from .control import CONTROLS, Component, Handles

STEMS = {"rotation": "rot", "translation": "trans"}
SLACK = 1e-8  # the ends of a law are known to nine decimals
NAMES = {f"{control}.{axis}": f"{stem}_{axis}" for control, stem in STEMS.items() for axis in "xyz"}
"""Component -> name of the factor that acts on it; all other factors have names of the recipe's choice."""
UNIFORMS = np.random.default_rng(0).random((64, 4))  # for examples of a law's values

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
        where = f"{source}: factor {factor.name}: acts_on {factor.acts_on!r}: "
        if name not in CONTROLS:
            raise CONTROLS.unknown(name, where)
        if component not in CONTROLS[name].components:
            raise UnknownName(f"component of control {name}", component, CONTROLS[name].components, where)
        if other := wires.setdefault(name, {}).get(component):
            raise SettingError(f"{where}factor {other} acts on that already; leave one of them out")
        wires[name][component] = factor.name
    for name, components in wires.items():
        needed = [component for component, about in CONTROLS[name].components.items() if about.needed]
        if lacking := [f"{name}.{component}" for component in needed if component not in components]:
            raise SettingError(
                f"{source}: no factor acts on {' or '.join(lacking)}, which control {name} needs beside "
                f"{', '.join(f'{name}.{component}' for component in components)}; add one each, of a constant law if "
                "it is not to vary"
            )
    for factor in recipe.factors:
        unit = component_of(factor).unit
        if unit != factor.unit and unit in TURNS:
            raise SettingError(
                f"{source}: factor {factor.name} has the unit {factor.unit!r}, and {factor.acts_on} takes {unit!r}"
            )
    return wires


def check_names(recipe: Recipe, source: str) -> None:
    """Check that the factors of a pose and of a translation have the names by which methods and probes know them.

    Datasets that were rendered before this check may have other names: they are read, without a pose.

    Raises
    ------
    SettingError : a factor acts on an axis of the rotation or translation and has another name.
    """
    for factor in recipe.factors:
        name = NAMES.get(factor.acts_on, factor.name)
        if name != factor.name:
            raise SettingError(
                f"{source}: factor {factor.name} acts on {factor.acts_on}: name it {name}, by which methods and probes "
                "know it"
            )


def check_values(recipe: Recipe, views: GivenViews | None, source: str) -> None:
    """Check that the controls can take every value of the given views, or of the recipe's laws if none are given.

    source : file or recipe with the values, for the message

    Raises
    ------
    SettingError : a value is beyond the range of its component, or no whole number where it must be; names the
        factor and the remedy.
    """
    for factor in recipe.factors:
        about, remedy = component_of(factor), "change its values" if views else "change its law"
        values = views.values(factor.name) if views else factor.law.value(UNIFORMS, np.arange(len(UNIFORMS)))
        low, high = (values.min(), values.max()) if views else support(factor.law)
        least, most = about.limits(recipe.scene)
        if low < least - SLACK or high > most + SLACK:
            top = f"to {most:g}" if math.isfinite(most) else "on"
            raise SettingError(
                f"{source}: {factor.name} reaches from {low:g} to {high:g}, and {factor.acts_on} takes values from "
                f"{least:g} {top} ({about.unit}): {remedy}"
            )
        if about.whole and (odd := values != np.round(values)).any():
            raise SettingError(
                f"{source}: {factor.name} has values such as {values[odd][0]:.4g}, and {factor.acts_on} takes whole "
                f"numbers: {remedy}"
            )


def component_of(factor: Factor) -> Component:
    """Return the component that a factor acts on."""
    name, _, component = factor.acts_on.partition(".")
    return CONTROLS[name].components[component]


def quality_for(recipe: Recipe, quality: Quality) -> Quality:
    """Return a quality without fewer samples for the ground if a factor of the recipe puts detail on the floor."""
    smooth = all(component_of(factor).smooth for factor in recipe.factors)
    return quality if smooth else replace(quality, ground_samples=0)


def bind(recipe: Recipe) -> Callable[[Handles, Mapping[str, float]], None]:
    """Return a function that applies all latents of a recipe to the scene.

    It raises PluginBroken where a control of another package fails.

    Raises
    ------
    UnknownName, SettingError : see `wiring`.
    """
    wires = wiring(recipe)

    def apply(handles: Handles, latents: Mapping[str, float]) -> None:
        for name, components in wires.items():
            values = {component: latents[factor] for component, factor in components.items()}
            CONTROLS.call(name, CONTROLS[name].apply, handles, values)

    return apply
