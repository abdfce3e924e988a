"""Controls beside those of 3DIEBench, all in one scene of the real renderer: the picture moves as each value says."""

import multiprocessing
from dataclasses import replace

import blender_probe
import numpy as np
import pytest
from pebble import ProcessPool
from PIL import Image

from iebench.manifests.common.shipped import in_folders
from iebench.manifests.recipe import FloorImages, load
from iebench.manifests.taxonomy import choose
from iebench.renderer.blender.controls.control import COMPANIONS
from iebench.renderer.blender.controls.wiring import CONTROLS
from iebench.renderer.blender.floor_images import listed_images
from iebench.renderer.blender.interface import BLENDER
from iebench.renderer.sources.builtin import Builtin
from iebench.renderer.workers import worker

pytestmark = pytest.mark.blender

SIZE = 64
AZIMUTH, ELEVATION, DISTANCE, FIELD = np.pi / 2, np.pi / 4, 2.5, 0.691111
REST = {
    **blender_probe.REST, "object_scale": 1.0, "camera_azimuth": AZIMUTH, "camera_elevation": ELEVATION,
    "camera_distance": DISTANCE, "camera_roll": 0.0, "field_of_view": FIELD, "spot_energy": 500.0, "sun_energy": 1.5,
    "background_gray": 0.05, "floor_saturation": 0.6, "floor_value": 0.6, "floor_texture": 0.0, "floor_image": 0.0,
    "distractors": 0.0,
}  # fmt: skip
FLOOR = np.s_[:12, :]  # rows that show nothing but the far floor


def with_floors(recipe, folder):
    """The recipe with an image that is red on the left and blue on the right, and one that is white above."""
    halves = np.zeros((2, 64, 64, 3), np.uint8)
    halves[0, :, :32, 0] = halves[0, :, 32:, 2] = 255
    halves[1, :32] = 255
    for name, pixels in zip(("a.png", "b.png"), halves, strict=True):
        Image.fromarray(pixels).save(folder / name)
    floor = replace(recipe.scene.floor, images=FloorImages(str(folder), width=12.0))
    return listed_images(replace(recipe, scene=replace(recipe.scene, floor=floor)), "test")[0]


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """The factors of all examples on top of 3DIEBench-T, at draft quality; a function that runs a probe's function."""
    recipe = load("3diebench-t")
    others = [load(name).factors[-1] for name in in_folders("recipe") if name.startswith("factors/")]
    recipe = replace(recipe, resolution=SIZE, factors=(*recipe.factors, *others), passes=("depth", "mask"))
    recipe = with_floors(recipe, tmp_path_factory.mktemp("floors"))
    assert {factor.name for factor in recipe.factors} == REST.keys()
    mug = Builtin(None).objects(choose("mug"), 1)[0]
    setup = worker.Setup(BLENDER, recipe, recipe.quality["draft"], device="cpu", threads=2)
    context = multiprocessing.get_context("spawn")
    with ProcessPool(1, context=context, initializer=worker.start, initargs=[setup]) as pool:
        yield lambda function, **latents: pool.schedule(function, args=[mug], kwargs={**REST, **latents}).result()


@pytest.fixture(scope="module")
def rest(scene):
    return scene(blender_probe.picture).astype(float)


def test_every_control_has_an_example():
    acted_on = {factor.acts_on for name in in_folders("recipe") for factor in load(name).factors}
    acted_on |= {factor.acts_on for recipe in ("3diebench-t", "two-objects") for factor in load(recipe).factors}
    acted_on |= {f"{name}.{component}" for name in COMPANIONS for component in CONTROLS["second"].components}  # alike
    assert acted_on == {f"{name}.{component}" for name in CONTROLS for component in CONTROLS[name].components}


def pinhole(world, azimuth, elevation, distance, field):
    """Project points (n, 3) by an independent pinhole camera: pixels (n, 2), and distances along its axis (n,)."""
    out = np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])
    right = np.array([-np.sin(azimuth), np.cos(azimuth), 0])
    offset = world - distance * out
    along = offset @ -out
    scale = SIZE / 2 / np.tan(field / 2) / along
    return np.column_stack(
        [SIZE / 2 + scale * (offset @ right), SIZE / 2 - scale * (offset @ np.cross(out, right))]
    ), along


@pytest.mark.parametrize("camera", [
    (AZIMUTH, ELEVATION, DISTANCE, FIELD), (2.9, 0.4, 3.0, 0.5), (-1.0, 1.2, 2.0, 0.9), (0.3, np.pi / 2, 2.5, 0.7),
])  # fmt: skip
def test_picture_and_passes_are_those_of_the_camera_that_the_factors_place(scene, camera):
    names = ("camera_azimuth", "camera_elevation", "camera_distance", "field_of_view")
    latents = dict(zip(names, camera, strict=True)) | {"rot_x": 0.5, "rot_z": -0.9, "object_scale": 1.2}
    world, pixels = scene(blender_probe.mesh_points, **latents)
    ours, along = pinhole(world, *camera)
    assert pixels == pytest.approx(ours, abs=2e-3)
    stored, _ = scene(blender_probe.passes, **latents)
    rows, columns = np.nonzero(stored["mask"])
    edges = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    assert edges == pytest.approx([*ours.min(0), *ours.max(0)], abs=1.1)
    depths = stored["depth"][rows, columns] / 8192
    assert along.min() - 0.02 < depths.min() < depths.max() < along.max() + 0.02
    points = np.linalg.norm(stored["nocs"][rows, columns] / 255 - 0.5, axis=1)
    assert points.max() < 0.51  # on the object as it was loaded, not as it was scaled
    picture = scene(blender_probe.picture, **latents).astype(int)
    blue = (picture[..., 2] - picture[..., 0] > 40) & (stored["mask"] > 0)
    assert blue.sum() > 0.7 * (stored["mask"] > 0).sum()  # the mug is blue, the floor is not


def test_the_camera_turned_with_the_object_sees_the_object_from_the_same_side(scene):
    before, _ = scene(blender_probe.passes)
    after, _ = scene(blender_probe.passes, camera_azimuth=AZIMUTH + 1.1, rot_z=1.1)
    assert (before["mask"] != after["mask"]).mean() < 0.01
    apart, _ = scene(blender_probe.passes, camera_azimuth=AZIMUTH + 1.1)
    assert (before["mask"] != apart["mask"]).mean() > 0.02


def test_a_camera_rolled_by_a_quarter_turn_sees_the_quarter_turn_of_the_picture(scene):
    turn = {"camera_elevation": 0.9, "rot_x": 0.5, "rot_z": -0.9}
    upright, rolled = (scene(blender_probe.passes, camera_roll=roll, **turn)[0] for roll in (0.0, np.pi / 2))
    for name in ("depth", "mask"):
        expected = np.rot90(upright[name], -1).astype(float)  # the camera turns counterclockwise, the picture clockwise
        assert (np.abs(rolled[name] - expected) > 0.01 * expected.max()).mean() < 0.005
    pictures = [scene(blender_probe.picture, camera_roll=roll, **turn).astype(float) for roll in (0.0, np.pi / 2)]
    assert np.abs(pictures[1] - np.rot90(pictures[0], -1)).mean() < 3 < np.abs(pictures[1] - pictures[0]).mean()


def test_the_camera_of_the_factors_stands_where_that_of_the_recipe_stands(scene):
    recipe_s, factors_s = scene(blender_probe.cameras)
    assert factors_s == pytest.approx(recipe_s, abs=1e-6)


def test_the_object_grows_with_its_scale(scene):
    points = {
        scale: scene(blender_probe.mesh_points, object_scale=scale, trans_x=0.2, rot_z=0.4)[0] for scale in (1, 2)
    }
    centre = 0.2 * np.array([np.cos(0.4), np.sin(0.4), 0])
    assert points[2] - centre == pytest.approx(2 * (points[1] - centre), abs=1e-6)


@pytest.mark.parametrize(("name", "low", "high"), [
    ("spot_energy", 100.0, 900.0), ("sun_energy", 0.5, 3.0), ("background_gray", 0.0, 0.5), ("floor_value", 0.2, 0.8),
])  # fmt: skip
def test_the_picture_brightens_with_the_value(scene, name, low, high):
    dark, usual, light = (scene(blender_probe.picture, **{name: value}).mean() for value in (low, REST[name], high))
    assert dark + 1 < usual < light - 1


def test_a_floor_without_saturation_is_grey(scene):
    grey, colored = (
        scene(blender_probe.picture, floor_saturation=value, light_phi=-1.57, light_theta=0.75)[FLOOR].reshape(-1, 3)
        for value in (0.0, 1.0)
    )
    assert np.ptp(grey.astype(float).mean(0)) < 2 and np.ptp(colored.astype(float).mean(0)) > 60


def test_the_patterns_of_the_floor_differ_and_number_0_is_none(scene, rest):
    floors = [scene(blender_probe.picture, floor_texture=float(number))[FLOOR].mean(-1) for number in range(6)]
    assert all(np.abs(a - b).mean() > 3 for i, a in enumerate(floors) for b in floors[:i])
    assert all(floor.std() > 2 * floors[0].std() for floor in floors[1:])
    assert np.array_equal(scene(blender_probe.picture, floor_texture=0.0), rest)


GREY = {"floor_saturation": 0.0, "floor_value": 1.0}  # an image is shown as it is


def test_an_image_lies_on_the_floor_upright_and_in_its_own_colours(scene, rest):
    across = scene(blender_probe.picture, floor_image=1.0, **GREY)[FLOOR].astype(float)
    left, right = across[:, : SIZE // 2 - 2].mean((0, 1)), across[:, SIZE // 2 + 2 :].mean((0, 1))
    assert left[0] > 2 * left[2] and right[2] > 2 * right[0]
    deep = scene(blender_probe.picture, floor_image=2.0, **GREY).astype(float).mean((1, 2))
    assert deep[:8].mean() > deep[-8:].mean() + 40  # white beyond the object, black before it
    assert np.array_equal(scene(blender_probe.picture, floor_image=0.0), rest)


def test_an_image_is_tinted_by_the_colour_of_the_floor_and_by_its_pattern(scene):
    white = {"floor_image": 2.0, "floor_value": 1.0, "floor_saturation": 1.0}
    red, green = (scene(blender_probe.picture, floor_hue=hue, **white)[FLOOR].mean((0, 1)) for hue in (0.0, 1 / 3))
    assert red.argmax() == 0 and green.argmax() == 1
    plain, bricks = (scene(blender_probe.picture, floor_texture=number, **white)[FLOOR] for number in (0.0, 4.0))
    assert np.abs(plain.astype(float) - bricks).mean() > 3


def test_a_view_does_not_depend_on_the_images_before_it(scene):
    first = scene(blender_probe.picture, floor_image=1.0)
    for before in ({"floor_image": 2.0, "floor_texture": 3.0}, {"floor_image": 0.0}):
        scene(blender_probe.picture, **before)
        assert np.array_equal(scene(blender_probe.picture, floor_image=1.0), first)


def test_distractors_stand_on_the_floor_beside_the_object_and_the_passes_see_them(scene, rest):
    before, _ = scene(blender_probe.passes)
    counts = []
    for count in (1, 4, 8):
        stored, _ = scene(blender_probe.passes, distractors=float(count))
        assert np.array_equal(stored["mask"], before["mask"])
        nearer = (before["depth"].astype(int) - stored["depth"]) > 200
        changed = np.abs(scene(blender_probe.picture, distractors=float(count)) - rest).max(-1) > 25
        assert (changed & nearer).sum() > 0.5 * nearer.sum()
        counts.append(nearer.sum())
    assert 10 < counts[0] < counts[1] < counts[2]
    assert np.array_equal(scene(blender_probe.picture, distractors=0.0), rest)
