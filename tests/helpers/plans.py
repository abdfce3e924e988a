"""Plans of small datasets."""

from dataclasses import replace

from iebench.manifests.recipe import load
from iebench.manifests.taxonomy import choose
from iebench.renderer.plan import Plan
from iebench.renderer.sources.builtin import Builtin


def plan_of(
    classes: str = "6", per_class: int = 5, views: int = 6, resolution: int = 32, seed: int = 0,
    recipe: str = "3diebench",
) -> Plan:  # fmt: skip
    """Return a plan over built-in objects, small enough for a test."""
    smaller = replace(load(recipe), views=views, resolution=resolution)
    objects = Builtin(None).objects(choose(classes), per_class)
    return Plan(smaller, "fast", seed, "builtin", "CC0-1.0", tuple(objects))
