"""Fixtures shared by all tests: small datasets made by the real writer with the fake renderer."""

from dataclasses import replace
from pathlib import Path

import pytest

from iebench.manifests.recipe import load
from iebench.manifests.taxonomy import choose
from iebench.renderer.backend import FAKE
from iebench.renderer.plan import Plan
from iebench.renderer.render import render_dataset
from iebench.renderer.sources import Builtin


def tiny_plan(classes: str = "6", per_class: int = 5, views: int = 6, resolution: int = 32, seed: int = 0) -> Plan:
    """A plan over built-in objects, small enough for a test."""
    recipe = replace(load(), views=views, resolution=resolution)
    objects = Builtin(None).objects(choose(classes), per_class)
    return Plan(recipe, "fast", seed, "builtin", "CC0-1.0", tuple(objects))


@pytest.fixture(scope="session")
def tiny_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """6 classes x 5 objects (1 of them val) x 6 views at 32 pixels, by the fake renderer. Read only: copy to damage."""
    folder = tmp_path_factory.mktemp("data") / "tiny"
    render_dataset(tiny_plan(), folder, workers=2, backend=FAKE)
    return folder
