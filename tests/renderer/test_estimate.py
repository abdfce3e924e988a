"""Estimates of the cost of a dataset."""

from iebench.manifests.recipe import load
from iebench.renderer.estimate import expected_core_seconds


def test_expected_time_grows_with_area_and_samples():
    recipe = load()
    reference, fast = recipe.quality["reference"], recipe.quality["fast"]
    assert expected_core_seconds(fast, 256) < expected_core_seconds(reference, 256) / 2
    assert expected_core_seconds(fast, 64) < expected_core_seconds(fast, 256) < expected_core_seconds(fast, 256, 2)
