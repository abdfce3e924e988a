"""Recipes: shipped ones are read back unchanged; a wrong one is refused with one clear sentence."""

import dataclasses
import hashlib
import json
from importlib.resources import files
from typing import get_args

import pytest

from iebench.manifests.common.shipped import in_folders, shipped
from iebench.manifests.errors import SettingError, UnknownName, UsageError
from iebench.manifests.laws import Constant
from iebench.manifests.recipe import RANGES, Pass, Recipe, _in_ranges, _numbers, load
from iebench.manifests.schema import IDENTITY, MAX_VIEW, fixed_fields


@pytest.mark.parametrize("name", [*shipped("recipe"), *in_folders("recipe")])
def test_a_shipped_recipe_survives_json(name):
    recipe = load(name)
    again = Recipe.from_dict(recipe.as_dict(), "copy")
    assert again.as_dict() == recipe.as_dict()
    assert again.digest == recipe.digest


def test_3diebench_has_the_published_constants():
    recipe = load("3diebench")
    assert (recipe.resolution, recipe.views) == (256, 50)
    scene = recipe.scene
    assert (scene.camera.radius, scene.spot.radius, scene.spot.energy, scene.floor.height) == (2.5, 4.0, 500.0, -1.0)
    assert (scene.sun.energy, scene.sun.profile) == (1.5, "disc")


def test_a_recipe_from_before_the_materials_keeps_its_digest():
    table = load("3diebench").as_dict()
    assert table["scene"].pop("materials") == {"map_d": "shapenet", "diffuse_roughness": 0.2}
    old = Recipe.from_dict(table, "old")
    assert old.scene.materials.map_d == "opacity"
    assert old.as_dict() == table
    assert old.digest == hashlib.sha256(json.dumps(table, sort_keys=True).encode()).hexdigest()
    assert old.digest != load("3diebench").digest


def test_a_recipe_file_of_ones_own(tmp_path):
    text = (files("iebench.manifests.recipes") / "3diebench.toml").read_text()
    (tmp_path / "mine.toml").write_text(text.replace("radius = 2.5", "radius = 3.5"))
    assert load(str(tmp_path / "mine.toml")).scene.camera.radius == 3.5


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("views = 50", "vews = 50", "'vews'; did you mean views?"),
        ("views = 50", 'views = "many"', "'many' is not int"),
        ('kind = "uniform"', 'kind = "unifrom"', "did you mean uniform"),
        ("low = 0.0, high = 1.0", "low = 1.0, high = 1.0", "must be below"),
        ("quality = 95", "", "'quality' is missing"),
        ("views = 50", "views = ", "not valid TOML"),
        ("views = 50", 'views = 50\npasses = ["mask", "depth"]', "alphabetical order"),
        ("views = 50", 'views = 50\npasses = ["deep"]', "did you mean depth"),
        ('unit = "turn"', 'unit = "degrees"', "floor_hue is circular in 'degrees': give it in rad or turn"),
        ("views = 50", 'extends = "3diebnch"', "did you mean 3diebench"),
    ],
)
def test_a_wrong_recipe_is_one_sentence(tmp_path, old, new, words):
    text = (files("iebench.manifests.recipes") / "3diebench.toml").read_text()
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(old, new))
    with pytest.raises(
        SettingError if "did you" not in words else UnknownName, match=words.replace("?", r"\?")
    ) as error:
        load(str(path))
    assert "mine.toml" in str(error.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("views = 5000", "views is 5000; give a number from 1 to 1000"),
        ("resolution = 100000", "resolution is 100000; give a number from 8 to 4096"),
        ("jpeg.quality = 500", "jpeg.quality is 500; give a number from 1 to 100"),
        ("scene.camera.radius = -1.0", "scene.camera.radius is -1.0; give a number from"),
        ("scene.camera.field_of_view = nan", "scene.camera.field_of_view is nan; give a number from"),
        ("quality.draft.samples = 0", "quality.draft.samples is 0; give a number from 1"),
        (
            '[[factors]]\nname = "rot_x"\nlaw = { kind = "uniform", low = 0.0, high = inf }',
            "factors.rot_x.law.high is inf",
        ),
        ('[[factors]]\nname = "rot_x"\nlaw = { kind = "uniform", low = nan, high = 1.0 }', "low nan must be below"),
        ('[[factors]]\nname = "rot_x"\nlaw = { kind = "constant", at = nan }', "factors.rot_x.law.at is nan"),
        ("factors = 5", "factors is 5, no list"),
        ('scene.film.view_transform = "Nope"', "view_transform: unknown value 'Nope'; choose from Standard"),
        ('quality.fast.ground_pattern = "FOO"', "ground_pattern: unknown value 'FOO'; choose from"),
    ],
)
def test_a_value_that_nothing_can_be_made_of_is_refused(tmp_path, text, words):
    path = tmp_path / "mine.toml"
    path.write_text(f'extends = "3diebench"\nname = "mine"\n{text}\n')
    with pytest.raises(UsageError) as error:
        load(str(path))
    assert str(error.value).startswith(str(path))
    assert words in str(error.value)


@pytest.mark.parametrize(
    "column", ["key", *IDENTITY, "view", *(field.name for field in fixed_fields(get_args(Pass))[1])]
)
def test_a_factor_cannot_be_named_like_a_column_of_every_dataset(column):
    table = load().as_dict()
    table["factors"][0]["name"] = column
    with pytest.raises(SettingError, match=f"mine: factor '{column}' is named like a column"):
        Recipe.from_dict(table, "mine")


@pytest.mark.parametrize("name", [*shipped("recipe"), *in_folders("recipe")])
def test_every_number_has_a_range(name):
    assert {_in_ranges(key) for key, _ in _numbers(load(name))} <= RANGES.keys()
    assert RANGES["views"] == (1, MAX_VIEW + 1)


def test_a_recipe_that_extends_another_says_only_what_differs(tmp_path):
    (tmp_path / "mine.toml").write_text(
        'extends = "3diebench"\nname = "mine"\n[scene.sun]\nenergy = 2.0\n'
        '[[factors]]\nname = "rot_y"\nlaw = { kind = "constant", at = 0.0 }\n'
    )
    (tmp_path / "yours.toml").write_text('extends = "mine.toml"\nname = "yours"\nviews = 3\n')
    base, recipe = load("3diebench"), load(str(tmp_path / "yours.toml"))
    assert (recipe.name, recipe.views, recipe.scene.sun.energy) == ("yours", 3, 2.0)
    assert recipe.scene.sun.angle == base.scene.sun.angle
    assert recipe.factor_names == base.factor_names
    assert recipe.factors[1].law == Constant(0.0)
    assert recipe.factors[1].frame == base.factors[1].frame
    assert [f for f in recipe.factors if f.name != "rot_y"] == [f for f in base.factors if f.name != "rot_y"]


def test_recipes_that_extend_each_other_are_refused(tmp_path):
    for name, other in [("a", "b"), ("b", "a")]:
        (tmp_path / f"{name}.toml").write_text(f'extends = "{other}.toml"\n')
    with pytest.raises(SettingError, match="extends itself"):
        load(str(tmp_path / "a.toml"))


def test_what_is_released_differs_only_by_its_channels():
    ours, released = load("3diebench"), load("3diebench-as-released")
    assert dataclasses.replace(released, name=ours.name, channel_order=ours.channel_order) == ours
    assert released.channel_order == "bgr"


def test_a_recipe_file_with_another_ending_is_named(tmp_path):
    file = tmp_path / "mine.txt"
    file.write_text('extends = "3diebench"')
    with pytest.raises(SettingError, match=r"mine.txt is a file whose name does not end in .toml: rename it"):
        load(str(file))


def test_an_unknown_recipe_is_named():
    with pytest.raises(UnknownName, match="did you mean 3diebench"):
        load("3diebnch")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"stream": ""}, "rot_x has the law steps: give it to all three"),
        ({"shared": True}, "rot_x has the law steps: give it to all three"),
        ({"law": {"kind": "constant", "at": 0.0}}, "rot_x has the law steps: give it to all three"),
        ({"law": {"kind": "steps", "run": 4, "low": 0.1, "high": 1.0, "axis": "y"}}, "rot_x has the law steps: give"),
        ({"law": {**load("3diebench-steps").as_dict()["factors"][2]["law"]}}, "rot_y acts on rotation.y: give its law"),
    ],
)
def test_steps_of_angles_that_are_no_rotation_are_refused(change, words):
    table = load("3diebench-steps").as_dict()
    table["factors"] = [entry | (change if entry["name"] == "rot_y" else {}) for entry in table["factors"]]
    with pytest.raises(SettingError, match=f"mine: {words}"):
        Recipe.from_dict(table, "mine")
