"""Latents: laws, independence, and no dependence on order."""

import numpy as np
import pytest
from scipy import stats

from iebench.manifests.conventions import pose
from iebench.manifests.latents import draw, draw_all
from iebench.manifests.recipe import load

RECIPE = load("3diebench")
OBJECTS = 400


def many(recipe):
    """Draw all factors for 50 views of each of 400 objects."""
    return {f.name: np.concatenate([draw(f, 0, "s", f"{i}", 50) for i in range(OBJECTS)]) for f in recipe.factors}


MANY = many(RECIPE)


@pytest.mark.parametrize("factor", RECIPE.factors, ids=lambda f: f.name)
def test_values_stay_in_their_range(factor):
    assert MANY[factor.name].min() >= factor.law.low
    assert MANY[factor.name].max() < factor.law.high


def test_shared_factors_are_the_same_for_every_object_and_the_others_are_not():
    recipe = load("3diebench-shared")
    first, second = (draw_all(recipe, 0, "s", name, 9) for name in "ab")
    for factor in recipe.factors:
        assert np.array_equal(first[factor.name], second[factor.name]) == factor.name.startswith("rot_")
    assert not np.array_equal(first["rot_x"], draw_all(recipe, 1, "s", "a", 9)["rot_x"])


def drawn(recipe, *objects, seed=0, views=50):
    """Return the latents (views, factors) of some objects."""
    tables = [draw_all(load(recipe), seed, "s", name, views) for name in objects]
    return [np.column_stack(list(table.values())) for table in tables]


def test_shared_all_shares_everything_and_every_view_is_new():
    first, second = drawn("3diebench-shared-all", *"ab")
    assert np.array_equal(first, second)
    assert (np.diff(np.sort(first, axis=0), axis=0) > 0).all()
    assert not np.isin(first, *drawn("3diebench-shared-all", "a", seed=1)).any()
    assert np.array_equal(first[:, :3], drawn("3diebench-shared", "a")[0][:, :3])  # the same list of poses


def test_a_still_object_only_turns():
    first, second = drawn("3diebench-still", *"ab")
    assert np.array_equal(first[:, 3:], np.broadcast_to(first[0, 3:], (50, 4)))
    assert (first[0, 3:] != second[0, 3:]).all()
    assert np.array_equal(first[:, :3], drawn("3diebench", "a")[0][:, :3])  # the poses are those of 3diebench
    assert np.array_equal(first[0], drawn("3diebench", "a")[0][0])


def test_steps_are_constant_within_runs_of_five():
    for table in drawn("3diebench-steps", *"ab"):
        turns = pose(table[:, :3])
        steps = (turns[:-1].inv() * turns[1:]).as_rotvec()
        same = np.linalg.norm(np.diff(steps, axis=0), axis=1) < 1e-7
        assert np.array_equal(same, np.arange(48) % 5 < 3)  # from one step to the next, of views i to i + 2
        size = np.degrees(np.linalg.norm(steps[::5], axis=1))
        assert size.min() >= 15 and size.max() < 60
        assert np.ptp(table[:, 3:], axis=0).max() == 0


def test_the_factor_of_a_view_is_the_one_that_differs_from_the_base():
    names = np.array(load("3diebench-one-factor").factor_names)
    for table in drawn("3diebench-one-factor", *"ab"):
        moved = table != table[0]
        assert moved.sum(axis=1).tolist() == [0] + 49 * [1]
        assert names[moved[1:].argmax(axis=1)].tolist() == np.repeat(names, 7).tolist()
    assert np.array_equal(table[0], drawn("3diebench", "b")[0][0])


def test_shared_steps_are_those_of_every_object():
    first, second = drawn("3diebench-steps-shared", *"ab")
    assert np.array_equal(first[:, :3], second[:, :3]) and (first[0, 3:] != second[0, 3:]).all()
    turns = pose(first[:10, :3])
    steps = (turns[:-1].inv() * turns[1:]).as_rotvec()
    assert np.abs(steps[:4] - steps[0]).max() < 1e-7 < np.abs(steps[5:] - steps[0]).max()


@pytest.mark.parametrize(
    "recipe", ["3diebench-shared-all", "3diebench-still", "3diebench-steps", "3diebench-one-factor"]
)
def test_a_value_does_not_depend_on_the_number_of_views(recipe):
    whole, part = drawn(recipe, "a")[0], drawn(recipe, "a", views=13)[0]
    assert np.array_equal(whole[:13], part)


def angles(recipe):
    values = many(load(recipe))
    return np.column_stack([values[f"rot_{axis}"] for axis in "xyz"])


def in_the_box(rotations):
    """True for each rotation whose Euler angles all lie within a quarter turn, the range of 3DIEBench."""
    return (np.abs(rotations.as_euler("xyz")) <= np.pi / 2).all(1)


def test_so3_is_uniform_over_all_rotations():
    """Under Haar measure the density of a rotation's angle is (1 - cos) / pi, and its axis is uniform."""
    rotations = pose(angles("3diebench-so3"))
    vector = rotations.as_rotvec()
    angle = np.linalg.norm(vector, axis=1)
    assert stats.kstest(angle, lambda a: (a - np.sin(a)) / np.pi).pvalue > 1e-3
    axis = vector / angle[:, None]
    for direction in np.eye(3):
        assert stats.kstest(axis @ direction, stats.uniform(-1, 2).cdf).pvalue > 1e-3
    assert in_the_box(rotations).mean() == pytest.approx(1 / 4, abs=0.015)


def test_the_hold_out_is_exactly_what_3diebench_never_shows():
    held_out = pose(angles("3diebench-ood"))
    assert not in_the_box(held_out).any()
    rest = pose(angles("3diebench-so3"))
    rest = rest[~in_the_box(rest)]
    for turned in (lambda r: r.magnitude(), lambda r: r.as_matrix()[:, 2, 2], lambda r: r.as_matrix()[:, 0, 1]):
        assert stats.ks_2samp(turned(held_out), turned(rest)).pvalue > 1e-3


def test_an_orbit_goes_once_round_in_equal_steps_and_moves_nothing_else():
    table = draw_all(load("orbit"), 0, "s", "o", 72)
    assert np.diff(table["rot_z"]) == pytest.approx(np.full(71, np.radians(5)))
    assert [name for name, values in table.items() if np.ptp(values) > 0] == ["rot_z"]


def test_factors_are_uncorrelated_with_each_other_and_with_the_next_view():
    values = np.array(list(MANY.values()))
    count, width = values.shape[1], len(values)
    both = np.corrcoef(np.vstack([values[:, :-1], values[:, 1:]]))
    off_diagonal = both[~np.eye(2 * width, dtype=bool)]
    assert np.abs(off_diagonal).max() < 5 / np.sqrt(count)


def test_a_value_depends_on_nothing_but_its_own_name_and_view():
    factor = RECIPE.factors[3]
    long, short = draw(factor, 0, "s", "o", 50), draw(factor, 0, "s", "o", 7)
    assert np.array_equal(long[:7], short)
    assert np.array_equal(draw_all(RECIPE, 0, "s", "o", 7)[factor.name], short)


@pytest.mark.parametrize("change", [{"seed": 1}, {"synset": "t"}, {"object_id": "p"}])
def test_every_part_of_the_name_matters(change):
    name = {"seed": 0, "synset": "s", "object_id": "o"}
    factor = RECIPE.factors[0]
    assert not np.isin(draw(factor, **name, views=50), draw(factor, **{**name, **change}, views=50)).any()


def test_the_stream_has_not_changed():
    """Datasets rendered earlier must be reproduced: a failure here means a new dataset format."""
    assert draw(RECIPE.factors[0], 0, "03797390", "00000", 2) == pytest.approx([-1.06381761, -0.25749318], abs=1e-8)
