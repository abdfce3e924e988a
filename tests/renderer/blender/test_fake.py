"""The fake renderer: a factor of any control is seen in the picture."""

from dataclasses import replace

import numpy as np
import pytest

from iebench.manifests.common.shipped import in_folders
from iebench.manifests.latents import draw_all
from iebench.manifests.recipe import load
from iebench.manifests.taxonomy import choose
from iebench.renderer.blender.fake import FakeRenderer
from iebench.renderer.sources.builtin import Builtin


def pictures(recipe, name, values):
    """Render one object with the first drawn latents and some values of one factor: (n, 32, 32, 3) float."""
    recipe = replace(recipe, resolution=32)
    ref = Builtin(None).objects(choose("mug"), 1)[0]
    renderer = FakeRenderer(recipe, recipe.quality["fast"], "cpu", 1)
    renderer.load(ref)
    latents = {key: float(drawn[0]) for key, drawn in draw_all(recipe, 0, ref.synset, ref.object_id, 1).items()}
    return np.array([renderer.render({**latents, name: value}) for value in values], float)


@pytest.mark.parametrize("name", in_folders("recipe"))
def test_a_new_factor_moves_the_picture_and_nothing_but_its_stripe(name):
    recipe = load(name)
    factor = recipe.factors[-1]
    low, high = factor.law.low, factor.law.high
    shown = pictures(recipe, factor.name, [low, (low + high) / 2, high])
    assert (shown[:, :-3] == shown[0, :-3]).all()
    stripes = shown[:, -3:].mean((1, 2))
    if factor.circular:
        assert (stripes[0] == stripes[2]).all() and np.abs(stripes[1] - stripes[0]).max() > 100
    else:
        assert (stripes[0] == 0).all() and (stripes[2] == 255).all() and 120 < stripes[1].mean() < 135


def test_the_factors_of_3diebench_have_no_stripe():
    with_shift = pictures(load("3diebench-t"), "trans_x", [-0.5, 0.5])
    assert (with_shift[0] == with_shift[1]).all()
