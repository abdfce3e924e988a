"""Latents that no seed drew: within their laws' range, and published ones distributed as declared."""

import shutil
from dataclasses import replace

import pytest
from tampering import resealed

from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.laws import Uniform
from iebench.renderer.proof.verify import verify


@pytest.fixture
def tiny_copy(tiny_dataset, tmp_path):
    return shutil.copytree(tiny_dataset, tmp_path / "d")


def with_law(folder, name, law):
    recipe = DatasetInfo.load(folder).recipe
    return replace(recipe, factors=tuple(replace(f, law=law) if f.name == name else f for f in recipe.factors))


def outcome(folder, latents, recipe=None):
    resealed(folder, latents=latents, seed=None, recipe=recipe or DatasetInfo.load(folder).recipe)
    report = verify(folder, 1)
    return report.checks["latents"], [str(failure) for failure in report.failures]


@pytest.mark.parametrize("latents", ["published", "given 0123"])
def test_latents_that_follow_their_law_hold(tiny_copy, latents):
    line, failures = outcome(tiny_copy, latents)
    assert failures == []
    assert line.startswith(f"{latents[:5]}") and "Kolmogorov-Smirnov 0." in line


@pytest.mark.parametrize("latents", ["published", "given 0123"])
def test_values_where_the_law_never_falls_are_found(tiny_copy, latents):
    _, failures = outcome(tiny_copy, latents, with_law(tiny_copy, "floor_hue", Uniform(0.0, 0.99)))
    assert any("latent floor_hue: " in line and "of 180 values lie outside its law" in line for line in failures)


def test_only_published_latents_must_be_distributed_as_declared(tiny_copy):
    recipe = with_law(tiny_copy, "floor_hue", Uniform(-1.0, 1.0))
    assert outcome(tiny_copy, "given 0123", recipe)[1] == []
    _, failures = outcome(tiny_copy, "published", recipe)
    assert len(failures) == 1 and "latent floor_hue: does not follow its law: Kolmogorov-Smirnov 0.5" in failures[0]
