"""Factors and their groups: derived from what a factor acts on, or given; older recipes keep their digest."""

import pytest

from iebench.manifests.common.shipped import shipped
from iebench.manifests.errors import SettingError
from iebench.manifests.factors import TAKEN, factor_groups
from iebench.manifests.recipe import Recipe, load


def groups(recipe):
    return {group.name: group.names for group in factor_groups(recipe.factors)}


def with_entries(**entries):
    """Table of recipe 3diebench with other entries of its last factor, light_hue."""
    table = load().as_dict()
    table["factors"] = [*table["factors"][:-1], {**table["factors"][-1], **entries}]
    return table


def test_the_groups_of_3diebench_are_those_that_scores_name():
    three = {
        "rotation": ("rot_x", "rot_y", "rot_z"),
        "floor_hue": ("floor_hue",),
        "light_position": ("light_theta", "light_phi"),
        "light_hue": ("light_hue",),
    }
    assert groups(load()) == three
    assert groups(load("3diebench-t")) == three | {"translation_object": ("trans_x", "trans_y", "trans_z")}


def test_a_group_knows_its_factors_with_unit_turn_and_shared_values():
    rotation, _, light, _ = factor_groups(load("3diebench-shared").factors)
    assert (rotation.shared, light.shared) == (True, False)
    assert [(factor.unit, factor.circular) for factor in light.factors] == [("rad", False), ("rad", True)]
    assert light.factors[0].turn is None and light.factors[1].turn == pytest.approx(6.283185307179586)


def test_a_factor_of_a_new_control_is_a_group_of_its_own_unless_it_names_one():
    azimuth = {"name": "azimuth", "acts_on": "camera.azimuth"}
    assert groups(Recipe.from_dict(with_entries(**azimuth), "mine"))["azimuth"] == ("azimuth",)
    named = Recipe.from_dict(with_entries(**azimuth, group="hues"), "mine")
    assert groups(named)["hues"] == ("azimuth",)
    together = Recipe.from_dict(with_entries(group="floor_hue"), "mine")
    assert groups(together)["floor_hue"] == ("floor_hue", "light_hue")


@pytest.mark.parametrize("name", shipped("recipe"))
def test_a_recipe_is_written_without_the_keys_that_it_does_not_use(name):
    """Groups and `drawn` were added later; recipes from before keep their digest."""
    old = {"name", "acts_on", "unit", "frame", "circular", "law", "stream", "shared"}
    for factor, entry in zip(load(name).factors, load(name).as_dict()["factors"], strict=True):
        added = {"drawn"} if factor.drawn != "view" else set()
        assert entry.keys() == old | added | ({"group"} if factor.group else set())


def test_the_views_with_a_value_of_their_own():
    def origins(drawn):
        return Recipe.from_dict(with_entries(drawn=drawn), "mine").factors[-1].origins(6).tolist()

    assert origins("view") == [0, 1, 2, 3, 4, 5]
    assert origins("object") == [0, 0, 0, 0, 0, 0]
    assert origins("2-3") == [0, 0, 2, 3, 0, 0]
    assert origins("4-9") == [0, 0, 0, 0, 4, 5]


@pytest.mark.parametrize("drawn", ["", "views", "0-3", "3-2", "2-1000", "-1-3", "1-", "1-3-4", "1 - 3", "²-3"])
def test_views_that_cannot_be_are_refused(drawn):
    with pytest.raises(
        SettingError, match=r"^mine: factors\[6\]: light_hue is drawn .*: give view, object, or the first"
    ):
        Recipe.from_dict(with_entries(drawn=drawn), "mine")


def test_a_given_group_is_part_of_the_recipe():
    named = Recipe.from_dict(with_entries(group="colours"), "mine")
    assert Recipe.from_dict(named.as_dict(), "copy") == named
    assert named.digest != load().digest


@pytest.mark.parametrize("group", ["a,b", "a b", "2", "é", *TAKEN])
def test_a_group_that_no_metric_or_action_can_name_is_refused(group):
    with pytest.raises(SettingError, match=r"^mine: factors\[6\]: light_hue has the group .*: give a name of letters"):
        Recipe.from_dict(with_entries(group=group), "mine")
