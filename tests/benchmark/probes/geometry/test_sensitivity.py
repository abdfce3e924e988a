"""Sensitivities equal slow loops, and encoders that ignore a factor or follow it alone get what they should."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cosine, pdist
from scoring import context_of, random_split

from iebench.benchmark.fitting.context import Context, Split
from iebench.benchmark.probes.geometry.sensitivity import by_size, changes, factor_of, far_apart, sensitivity
from iebench.manifests.factors import factor_groups
from iebench.manifests.recipe import load

RECIPE = load("3diebench-one-factor")
OBJECTS = 6


def one_factor(objects: int, seed: int) -> Split:
    """Return a split whose views differ from view 0 in one factor, with the latents that the recipe draws."""
    split = random_split(objects, RECIPE.views, seed=seed)
    generator = np.random.default_rng(seed)
    latents = {}
    for factor in RECIPE.factors:
        drawn = generator.uniform(0, 1, (objects, RECIPE.views))
        latents[factor.name] = drawn[:, factor.origins(RECIPE.views)].ravel()
    return replace(split, latents=latents)


def with_features(split: Split, features: NDArray[np.float64]) -> Split:
    return replace(split, features=features.astype(np.float32))


@pytest.fixture(scope="module")
def context() -> Context:
    """Features: a code of the object of length 10, and three times the floor's hue as a point on a circle."""
    splits = []
    for seed in (0, 1):
        split = one_factor(OBJECTS, seed)
        code = np.repeat(10 * np.eye(OBJECTS), RECIPE.views, axis=0)
        hue = 2 * np.pi * split.latents["floor_hue"]
        splits.append(with_features(split, np.column_stack([code, 3 * np.cos(hue), 3 * np.sin(hue)])))
    parts = {"whole": slice(0, 8), "object": slice(0, 6), "hue": slice(6, 8)}
    return replace(context_of(*splits, parts=parts), groups=factor_groups(RECIPE.factors))


def test_each_value_equals_a_slow_loop(context: Context) -> None:
    val = context.val
    views = val.features.reshape(OBJECTS, RECIPE.views, -1).astype(np.float64)
    between = pdist(views[:, 0]).mean()
    alike = 1 - pdist(views[:, 0], "cosine").mean()
    values = sensitivity(context)["whole"]
    for number, factor in enumerate(RECIPE.factors):
        own = range(1 + 7 * number, 8 + 7 * number)
        distances = [np.linalg.norm(views[i, v] - views[i, 0]) for i in range(OBJECTS) for v in own]
        cosines = [1 - cosine(views[i, v], views[i, 0]) for i in range(OBJECTS) for v in own]
        assert values[f"sensitivity_{factor.name}"].value == pytest.approx(np.mean(distances) / between, abs=1e-6)
        entry = values[f"cosine_{factor.name}"]
        assert entry.value == pytest.approx(np.mean(cosines), abs=1e-6) and entry.floor == pytest.approx(alike)
        assert entry.low <= entry.value <= entry.high and entry.n == OBJECTS * 7


def test_a_factor_that_is_ignored_has_no_sensitivity_and_a_cosine_of_1(context: Context) -> None:
    values = sensitivity(context)
    for part, factor in (("whole", "rot_x"), ("object", "floor_hue"), ("hue", "light_phi")):
        assert values[part][f"sensitivity_{factor}"].value == pytest.approx(0, abs=1e-6)
        assert values[part][f"cosine_{factor}"].value == pytest.approx(1, abs=1e-6)
    assert values["hue"]["sensitivity_floor_hue"].value > 0.5


def test_the_curve_falls_with_the_size_of_the_change(context: Context) -> None:
    """Of a point on a circle the cosine is that of the change itself."""
    values, val = sensitivity(context)["hue"], context.val
    curve = [values[f"cosine{size}_floor_hue"].value for size in (1, 2, 3, 4)]
    assert curve == sorted(curve, reverse=True)
    size = changes(val, factor_of(context, "floor_hue"), np.arange(22, 29))
    parts = np.array_split(np.sort(np.cos(2 * np.pi * size), axis=1)[:, ::-1], 4, axis=1)
    assert curve == pytest.approx([part.mean() for part in parts], abs=1e-6)
    assert size.max() <= 0.5


def test_a_bootstrap_sample_has_the_ratio_of_its_means(context: Context) -> None:
    entry = sensitivity(context)["whole"]["sensitivity_floor_hue"]
    assert len(entry.draws) == context.protocol.draws and np.ptp(entry.draws) > 0
    base = context.val.features.reshape(OBJECTS, RECIPE.views, -1)[:, 0].astype(np.float64)
    statistic, counts = far_apart(base), np.ones((1, OBJECTS), np.int64)
    assert statistic.at(counts)[0] == pytest.approx(pdist(base).mean(), rel=1e-6)


def test_other_recipes_get_one_note() -> None:
    context = context_of(random_split(6, 4), random_split(6, 4, seed=1))
    assert sensitivity(context) == {}
    assert [note for note in context.notes if "3diebench-one-factor" in note] == context.notes


def test_factors_without_a_latent_are_left_out(context: Context) -> None:
    kept = {name: values for name, values in context.val.latents.items() if name == "rot_x"}
    few = replace(context, val=replace(context.val, latents=kept), parts={"whole": slice(0, 8)})
    assert {name.partition("_")[2] for name in sensitivity(few)["whole"]} == {"rot_x"}


def test_few_views_of_a_factor_have_no_curve() -> None:
    assert by_size(np.zeros((2, 3)), np.zeros((2, 3))) == []
    assert [part.shape for part in by_size(np.zeros((2, 7)), np.zeros((2, 7)))] == [(2, 2), (2, 2), (2, 2), (2, 1)]
