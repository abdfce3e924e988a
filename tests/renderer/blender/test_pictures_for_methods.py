"""Recipes that methods need, in the real renderer: pixels that should stay do, and the object moves as declared."""

import blender_probe
import numpy as np
import pytest

from iebench.manifests.latents import draw_all
from iebench.manifests.recipe import load
from iebench.manifests.taxonomy import choose
from iebench.renderer.sources.builtin import Builtin

pytestmark = pytest.mark.slow

FAR = np.s_[:10, :]  # rows that show nothing but the far floor
SAME, OTHER = 3.0, 15.0  # mean difference of 8-bit pixels: noise of the renderer, and another colour or object
MUG, CHAIR = (Builtin(None).objects(choose(name), 1)[0] for name in ("mug", "chair"))


@pytest.fixture(scope="module")
def shown(blender):
    """Return a function that renders a view of an object by a recipe: picture (h, w, 3) float, and its passes."""

    def show(recipe, ref, number):
        table = draw_all(load(recipe), 0, ref.synset, ref.object_id, 50)
        latents = {name: float(values[number]) for name, values in table.items()}
        picture = blender.schedule(blender_probe.picture, args=[ref], kwargs=latents).result()
        passes, _ = blender.schedule(blender_probe.passes, args=[ref], kwargs=latents).result()
        return picture.astype(float), passes

    return show


def apart(first, second, where=np.s_[:]):
    return np.abs(first - second)[where].mean()


def rotation(passes):
    """Return R from object to world, by Procrustes from the points of an object that its pixels show."""
    rows, columns = np.nonzero(passes["mask"] == 255)
    size, depth = passes["mask"].shape[0], passes["depth"][rows, columns] / 8192
    half = np.tan(0.691111 / 2)
    sides = np.stack([2 * (columns + 0.5) / size - 1, 1 - 2 * (rows + 0.5) / size], axis=1) * half * depth[:, None]
    out = np.array([0, 1, 1]) / np.sqrt(2)  # from the origin to the camera, above +y
    right, up = np.array([-1, 0, 0]), np.array([0, -1, 1]) / np.sqrt(2)
    world = 2.5 * out + sides @ np.stack([right, up]) - depth[:, None] * out
    inside = passes["nocs"][rows, columns] / 255 - 0.5
    covariance = (world - world.mean(0)).T @ (inside - inside.mean(0))
    left, _, turned = np.linalg.svd(covariance)
    return left @ np.diag([1, 1, np.sign(np.linalg.det(left @ turned))]) @ turned


def test_shared_all_shows_two_objects_in_one_pose_before_one_background(shown):
    (mug, of_mug), (chair, of_chair) = (shown("3diebench-shared-all", ref, 3) for ref in (MUG, CHAIR))
    other, _ = shown("3diebench-shared-all", MUG, 4)
    assert apart(mug, chair, FAR) < SAME < OTHER < apart(mug, other, FAR)
    assert apart(mug, chair, of_mug["mask"] == 255) > OTHER
    step = rotation(of_mug).T @ rotation(of_chair)
    assert np.degrees(np.arccos((np.trace(step) - 1) / 2)) < 3


def test_a_still_object_turns_over_a_floor_that_stays(shown):
    (first, of_first), (second, of_second) = (shown("3diebench-still", MUG, number) for number in (0, 1))
    assert apart(first, second, FAR) < SAME
    assert np.mean(of_first["mask"] != of_second["mask"]) > 0.02
    usual = [shown("3diebench", MUG, number)[0] for number in (0, 1)]
    assert apart(*usual, FAR) > OTHER


def test_the_step_between_pictures_of_a_run_is_constant(shown):
    pictures, passes = zip(*(shown("3diebench-steps", CHAIR, number) for number in (5, 6, 7)), strict=True)
    assert apart(pictures[0], pictures[1], FAR) < SAME and apart(pictures[1], pictures[2], FAR) < SAME
    turns = [rotation(shown) for shown in passes]
    steps = [turns[0].T @ turns[1], turns[1].T @ turns[2]]
    angles = [np.degrees(np.arccos((np.trace(step) - 1) / 2)) for step in (*steps, steps[0].T @ steps[1])]
    assert 12 < angles[0] < 63 and 12 < angles[1] < 63 and angles[2] < 3


def test_a_view_differs_from_the_base_in_its_own_factor(shown):
    recipe = "3diebench-one-factor"
    table = draw_all(load(recipe), 0, MUG.synset, MUG.object_id, 50)

    def farthest(name, first):
        """Return the view, among the seven views of a factor, that is farthest from the base."""
        values = table[name]
        return max(range(first, first + 7), key=lambda view: abs(np.exp(2j * np.pi * (values[view] - values[0])) - 1))

    base, of_base = shown(recipe, MUG, 0)
    turned, of_turned = shown(recipe, MUG, 1)  # rot_x
    assert apart(base, turned, FAR) < SAME and np.mean(of_base["mask"] != of_turned["mask"]) > 0.02
    coloured, of_coloured = shown(recipe, MUG, farthest("floor_hue", 22))
    assert apart(base, coloured, FAR) > OTHER and np.array_equal(of_base["mask"], of_coloured["mask"])
    lit, of_lit = shown(recipe, MUG, farthest("light_hue", 43))
    assert np.array_equal(of_base["mask"], of_lit["mask"]) and apart(base, lit, of_base["mask"] == 255) > SAME
