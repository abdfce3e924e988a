"""Recipes: what is shipped reads back the same; what is wrong is one clear sentence."""

import dataclasses
from importlib.resources import files

import pytest

from iebench.manifests.common.shipped import shipped
from iebench.manifests.errors import SettingError, UnknownName
from iebench.manifests.laws import Constant
from iebench.manifests.recipe import Recipe, load


@pytest.mark.parametrize("name", shipped("recipe"))
def test_a_shipped_recipe_survives_json(name):
    recipe = load(name)
    again = Recipe.from_dict(recipe.as_dict(), "copy")
    assert again == recipe
    assert again.digest == recipe.digest


def test_3diebench_has_the_published_constants():
    recipe = load("3diebench")
    assert (recipe.resolution, recipe.views) == (256, 50)
    scene = recipe.scene
    assert (scene.camera.radius, scene.spot.radius, scene.spot.energy, scene.floor.height) == (2.5, 4.0, 500.0, -1.0)
    assert (scene.sun.energy, scene.sun.profile) == (1.5, "disc")


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


def test_an_unknown_recipe_is_named():
    with pytest.raises(UnknownName, match="did you mean 3diebench"):
        load("3diebnch")
