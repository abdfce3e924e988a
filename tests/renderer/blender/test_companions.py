"""Two and three objects in a scene of the real renderer: apart from each other, and told apart by the passes."""

import multiprocessing
from dataclasses import replace

import blender_probe
import numpy as np
import pytest
from pebble import ProcessPool

from iebench.manifests.conventions import pose
from iebench.manifests.reading.boxes import boxes
from iebench.manifests.reading.pictures import mask_level
from iebench.manifests.recipe import load
from iebench.manifests.taxonomy import choose
from iebench.renderer.blender.controls.placing import clear_distance
from iebench.renderer.blender.interface import BLENDER
from iebench.renderer.companions import with_companions
from iebench.renderer.sources.builtin import Builtin
from iebench.renderer.workers import worker

SIZE = 96
PLACES = {
    "second_rot_x": 0.4, "second_rot_y": -0.2, "second_rot_z": 1.0, "second_azimuth": -0.4, "second_gap": 0.1,
    "third_rot_x": 0.0, "third_rot_y": 0.3, "third_rot_z": -1.0, "third_azimuth": -0.7, "third_gap": 0.0,
}  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_the_clear_distance_is_the_smallest(seed):
    generator = np.random.default_rng(seed)
    direction = generator.normal(size=3)
    direction /= np.linalg.norm(direction)
    spheres = [(generator.normal(size=3), generator.uniform(0.1, 1.0)) for _ in range(4)]
    steps = np.linspace(0, 8, 80_001)
    clear = [np.linalg.norm(step * direction[:, None] - centre[:, None], axis=0) >= radius + 0.3
             for centre, radius in spheres for step in [steps]]  # fmt: skip
    expected = steps[np.all(clear, axis=0)][0]
    assert clear_distance(direction, 0.3, spheres) == pytest.approx(expected, abs=2e-4)


@pytest.fixture(scope="module")
def scene():
    """Three objects at draft quality: a function that runs a probe's function on a mug and its companions."""
    recipe, of_third = load("two-objects"), []
    for factor in recipe.factors[7:]:
        name, acts_on = (text.replace("second", "third") for text in (factor.name, factor.acts_on))
        of_third.append(replace(factor, name=name, acts_on=acts_on, group=""))
    recipe = replace(recipe, resolution=SIZE, objects=3, factors=(*recipe.factors, *of_third), passes=("boxes", "mask"))
    mug = with_companions(Builtin(None).objects(choose("mug,car,chair"), 5), 0, 3)[0]
    context = multiprocessing.get_context("spawn")
    setup = worker.Setup(BLENDER, recipe, recipe.quality["draft"], device="cpu", threads=2)
    with ProcessPool(1, context=context, initializer=worker.start, initargs=[setup]) as pool:
        yield lambda function, *args, **latents: pool.schedule(
            function, args=[mug, *args], kwargs={**blender_probe.REST, **PLACES, **latents}
        ).result()


@pytest.mark.blender
def test_each_object_has_a_mask_and_boxes_of_its_own(scene):
    stored, _ = scene(blender_probe.passes)
    whole, masks = boxes(stored["boxes"]), [stored["mask"] == mask_level(k) for k in range(3)]
    assert set(np.unique(stored["mask"])) == {0, 63, 127, 255} and len(whole.others) == 2
    for mask, box in zip(masks, (whole, *whole.others), strict=True):
        rows, columns = np.nonzero(mask)
        assert box.visible.tolist() == [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        assert (box.whole[:2] <= box.visible[:2] + 1).all() and (box.whole[2:] >= box.visible[2:] - 1).all()


@pytest.mark.blender
def test_a_companion_is_where_its_latents_say(scene):
    """The pose by SciPy, and a distance of two bounding spheres of radius 0.5 and the gap; neither meets another."""
    (_, second, third) = scene(blender_probe.object_poses)
    angles = [PLACES[f"second_rot_{axis}"] for axis in "xyz"]
    assert second[:3, :3] == pytest.approx(pose(angles).as_matrix(), abs=1e-6)
    azimuth = PLACES["second_azimuth"]
    assert second[:3, 3] == pytest.approx(1.1 * np.array([np.cos(azimuth), np.sin(azimuth), 0]), abs=1e-4)
    assert min(np.linalg.norm(third[:3, 3]), np.linalg.norm(third[:3, 3] - second[:3, 3])) > 0.999


@pytest.mark.blender
def test_an_enlarged_or_moved_object_keeps_its_distance_whatever_the_view_before(scene):
    moved = scene(blender_probe.object_poses, trans_x=0.3)
    assert np.linalg.norm(moved[1][:3, 3]) == pytest.approx(1.1, abs=1e-4)  # the recipe has no such factor
    assert np.allclose(scene(blender_probe.object_poses), moved)


@pytest.mark.blender
def test_the_object_is_pictured_as_without_companions_where_they_are_not(scene):
    """A far camera sees the same mask of the object with the companions beside it, and behind it at another azimuth."""
    beside, _ = scene(blender_probe.passes)
    behind, _ = scene(blender_probe.passes, second_azimuth=-1.6, third_azimuth=-2.8)
    assert np.array_equal(beside["mask"] == 255, behind["mask"] == 255) and (beside["mask"] == 255).sum() > 50
    assert (beside["mask"] != behind["mask"]).any()
    pictures = scene(blender_probe.picture), scene(blender_probe.picture, second_azimuth=-1.6, third_azimuth=-2.8)
    changed = np.abs(pictures[0].astype(int) - pictures[1]).max(-1) > 30
    assert changed[(beside["mask"] == 127) & (behind["mask"] == 0)].mean() > 0.5


@pytest.mark.blender
def test_loading_again_leaves_nothing_behind(scene):
    counts = scene(blender_probe.data_counts, 4)
    assert len(set(counts)) == 1
