"""A dataset small enough to damage at every position."""

import shutil
from dataclasses import replace

import pytest

from iebench.renderer.blender.interface import FAKE
from iebench.renderer.rendering.render import render_dataset


@pytest.fixture(scope="session")
def mini(tiny_plan, tmp_path_factory):
    """2 classes x 2 objects x 2 views at 16 pixels, with masks."""
    plan = tiny_plan(classes="2", per_class=2, views=2, resolution=16)
    folder = tmp_path_factory.mktemp("mini") / "d"
    recipe = replace(plan.recipe, passes=("mask",))
    render_dataset(replace(plan, recipe=recipe), folder, workers=1, backend=FAKE)
    return folder


@pytest.fixture
def copy(mini, tmp_path):
    return shutil.copytree(mini, tmp_path / "d")
