"""Properties of views are read from the latents, whatever the recipe is called; circles are circles."""

import numpy as np
import pytest

from iebench.benchmark.data.properties import (
    MEANINGS,
    RECIPES,
    Array,
    Table,
    begins_of_runs,
    lacking,
    recipe_for,
)
from iebench.manifests.conventions import ANGLES, pose, pose_quaternion
from iebench.manifests.latents import draw_all
from iebench.manifests.recipe import load

OBJECTS, VIEWS = 4, 6
FACTORS = load().factors


def drawn(seed: int = 0) -> dict[str, Array]:
    numbers = np.random.default_rng(seed)
    return {factor.name: numbers.uniform(0, 1, (OBJECTS, VIEWS)) for factor in FACTORS}


def shared(values: dict[str, Array], *names: str) -> dict[str, Array]:
    return values | {name: np.broadcast_to(values[name][:1], (OBJECTS, VIEWS)) for name in names}


def still(values: dict[str, Array], *names: str) -> dict[str, Array]:
    return values | {name: np.broadcast_to(values[name][:, :1], (OBJECTS, VIEWS)) for name in names}


REST = tuple(factor.name for factor in FACTORS if factor.name not in ANGLES)


def lacks(values: dict[str, Array], needed: tuple, known: tuple[str, ...] = ANGLES, count: int = 2) -> str:
    return lacking(
        Table({name: column.ravel() for name, column in values.items()}, VIEWS, FACTORS), needed, known, count
    )


def test_shared_poses_are_shared_rotations_under_whatever_angles():
    values = shared(drawn(), *ANGLES)
    assert not lacks(values, ("shared poses",))
    x, y, z = (values[name].copy() for name in ANGLES)
    x[1], y[1], z[1] = x[1] + np.pi, np.pi - y[1], z[1] + np.pi  # the same rotations
    assert not lacks(values | dict(zip(ANGLES, (x, y, z), strict=True)), ("shared poses",))
    x[1, 3] += 0.01
    assert "same pose" in lacks(values | dict(zip(ANGLES, (x, y, z), strict=True)), ("shared poses",))


def test_appearance_is_shared_where_every_other_factor_is():
    values = shared(drawn(), *REST)
    assert not lacks(values, ("shared appearance",))
    turned = values["light_phi"].copy()
    turned[2] += 2 * np.pi  # the same light
    assert not lacks(values | {"light_phi": turned}, ("shared appearance",))
    assert "same light_theta" in lacks(values | {"light_theta": drawn(1)["light_theta"]}, ("shared appearance",))
    assert lacks(values, ("shared appearance", "shared poses"))


def test_views_are_still_where_only_known_factors_differ():
    values = still(drawn(), *REST)
    assert not lacks(values, ("still",))
    moving = values | {"light_phi": drawn(1)["light_phi"]}
    assert "light_phi differs between the views" in lacks(moving, ("still",))
    assert not lacks(moving, ("still",), known=(*ANGLES, "light_phi"))


def test_runs_begin_where_the_step_stays_the_same():
    """A run of four views, then one of three with another step: starts 0, 1 and 4 for three views, 0 for four."""
    generator = np.random.default_rng(0)
    turns = []
    for length in (4, 3):
        start, step = (pose(generator.uniform(-1.5, 1.5, 3)) for _ in range(2))
        for _ in range(length):
            turns.append(start.as_euler("xyz"))
            start = start * step
    poses = pose_quaternion(np.array([turns]))
    assert np.flatnonzero(begins_of_runs(poses, 3)[0]).tolist() == [0, 1, 4]
    assert np.flatnonzero(begins_of_runs(poses, 4)[0]).tolist() == [0]
    assert not begins_of_runs(np.repeat(poses[:, :1], 5, axis=1), 3).any()  # no step is no run


def test_latents_that_were_once_in_float32_have_the_same_properties():
    shown = load("3diebench-steps-shared")
    tables = [draw_all(shown, 0, "s", name, 50) for name in "abc"]
    latents = {name: np.concatenate([table[name] for table in tables]) for name in shown.factor_names}
    single = {name: values.astype(np.float32).astype(np.float64) for name, values in latents.items()}
    assert not lacking(Table(single, 50, shown.factors), ("shared poses", "still", "runs"), ANGLES, 5)
    exact, rounded = (begins_of_runs(Table(part, 50, shown.factors).poses, 5) for part in (latents, single))
    np.testing.assert_array_equal(exact, rounded)


@pytest.mark.parametrize(
    ("needed", "recipe"),
    [
        (("shared poses",), "3diebench-shared"),
        (("shared poses", "shared appearance"), "3diebench-shared-all"),
        (("still",), "3diebench-still"),
        (("runs", "still"), "3diebench-steps"),
        (("runs", "shared poses"), "3diebench-steps-shared"),
        (("runs", "shared appearance"), "3diebench-steps-shared-all"),
    ],
)
def test_the_recipe_that_serves_is_the_first_that_has_all(needed: tuple, recipe: str) -> None:
    assert recipe_for(needed) == recipe


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_views_of_a_recipe_have_its_properties_and_no_others(recipe: str) -> None:
    shown = load(recipe)
    tables = [draw_all(shown, 0, "s", name, 15) for name in "abc"]
    latents = {name: np.concatenate([table[name] for table in tables]) for name in shown.factor_names}
    table = Table(latents, 15, shown.factors)
    assert {name for name in MEANINGS if not lacking(table, (name,), ANGLES, 3)} == RECIPES[recipe]
