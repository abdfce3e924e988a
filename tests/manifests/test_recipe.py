"""Recipes: what is shipped reads back the same; what is wrong is one clear sentence."""

import pytest

from iebench.manifests import recipe as recipes
from iebench.manifests.errors import SettingError, UnknownName
from iebench.manifests.recipe import Recipe, load


@pytest.mark.parametrize("name", recipes.shipped())
def test_a_shipped_recipe_survives_json(name):
    recipe = load(name)
    again = Recipe.from_dict(recipe.as_dict(), "copy")
    assert again == recipe
    assert again.digest == recipe.digest


def test_3diebench_has_the_published_constants():
    recipe = load("3diebench")
    assert (recipe.resolution, recipe.views, recipe.quality["reference"].samples) == (256, 50, 100)
    scene = recipe.scene
    assert (scene.camera.radius, scene.spot.radius, scene.spot.energy, scene.floor.height) == (2.5, 4.0, 500.0, -1.0)
    assert scene.sun.energy == pytest.approx(1.5 * 0.8284, abs=1e-4)


def test_a_recipe_file_of_ones_own(tmp_path):
    text = (recipes.files("iebench.manifests.recipes") / "3diebench.toml").read_text()
    (tmp_path / "mine.toml").write_text(text.replace("radius = 2.5", "radius = 3.5"))
    assert load(str(tmp_path / "mine.toml")).scene.camera.radius == 3.5


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("views = 50", "vews = 50", "'vews'; did you mean views?"),
        ("views = 50", 'views = "many"', "'many' is not int"),
        ('kind = "uniform"', 'kind = "unifrom"', "did you mean uniform?"),
        ("low = 0.0, high = 1.0", "low = 1.0, high = 1.0", "must be below"),
        ("quality = 95", "", "'quality' is missing"),
        ("views = 50", "views = ", "not valid TOML"),
    ],
)
def test_a_wrong_recipe_is_one_sentence(tmp_path, old, new, words):
    text = (recipes.files("iebench.manifests.recipes") / "3diebench.toml").read_text()
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(old, new))
    with pytest.raises(
        SettingError if "did you" not in words else UnknownName, match=words.replace("?", r"\?")
    ) as error:
        load(str(path))
    assert "mine.toml" in str(error.value)


def test_an_unknown_recipe_is_named():
    with pytest.raises(UnknownName, match="did you mean 3diebench"):
        load("3diebnch")
