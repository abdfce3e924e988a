"""Controls: a recipe's factors set all components of their targets, or are refused before Blender starts."""

import dataclasses
import math
import subprocess
import sys

import pyarrow as pa
import pytest
from plugins import install

from iebench.manifests.common.shipped import in_folders, shipped
from iebench.manifests.conventions import ANGLES
from iebench.manifests.errors import PluginBroken, UsageError
from iebench.manifests.laws import Constant, Sweep, Uniform
from iebench.manifests.recipe import load
from iebench.manifests.views import GivenViews
from iebench.renderer.blender.controls.wiring import (
    CONTROLS,
    NAMES,
    bind,
    check_names,
    check_values,
    quality_for,
    wiring,
)
from iebench.renderer.blender.floor_images import listed_images


def acting(*targets):
    """Recipe 3diebench with one factor for each given target and no others."""
    factor = load().factors[0]
    factors = tuple(dataclasses.replace(factor, name=f"factor_{i}", acts_on=target) for i, target in enumerate(targets))
    return dataclasses.replace(load(), factors=factors)


@pytest.mark.parametrize("name", [*shipped("recipe"), *in_folders("recipe")])
def test_shipped_recipes_have_all_factors_that_their_controls_need(name):
    recipe, _ = listed_images(load(name), name)
    wires = wiring(recipe)
    check_values(recipe, None, name)
    for control, components in wires.items():
        known = CONTROLS[control].components
        assert {component for component, about in known.items() if about.needed} <= set(components) <= set(known)
    assert sorted(name for wire in wires.values() for name in wire.values()) == sorted(recipe.factor_names)


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        (["nothing"], "factor factor_0: acts_on 'nothing': unknown control 'nothing'; choose from "),
        (["rotatoin.x"], "did you mean rotation?"),
        (["rotation.q"], "unknown component of control rotation 'q'; choose from x, y, z"),
        (["rotation"], "unknown component of control rotation ''; choose from x, y, z"),
        (["floor.hue", "floor.hue"], "factor factor_1: acts_on 'floor.hue': factor factor_0 acts on that already"),
        (["translation.x"], "no factor acts on translation.y or translation.z, which control translation needs"),
    ],
)
def test_a_factor_that_would_do_nothing_is_refused(targets, words):
    with pytest.raises(UsageError) as error:
        wiring(acting(*targets), "mine.toml")
    assert str(error.value).startswith("mine.toml: ")
    assert words in str(error.value)


@pytest.mark.slow
def test_controls_are_checked_without_blender():
    code = "import sys, iebench.renderer.blender.controls.wiring; assert not {'bpy', 'mathutils'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


WOBBLE = """
from iebench.renderer.blender.controls.control import Component, control

@control("wobble", size=Component("times", "nothing"))
def wobble(handles, values):
    handles.append(values["size"])
"""


def test_a_control_of_another_package_gets_its_values_and_is_named_if_it_fails(tmp_path, monkeypatch):
    install(tmp_path, monkeypatch, CONTROLS, {"wobble": "wobbling"}, wobbling=WOBBLE)
    handles = []
    apply = bind(acting("wobble.size"))
    apply(handles, {"factor_0": 0.5})
    assert handles == [0.5]
    sentence = r"^wobbling, of the control 'wobble', failed \(AttributeError: .*\): mend or remove that package$"
    with pytest.raises(PluginBroken, match=sentence):
        apply(None, {"factor_0": 0.5})


@pytest.mark.slow
def test_a_dry_run_refuses_too(tmp_path):
    (tmp_path / "mine.toml").write_text(
        'extends = "3diebench"\nname = "mine"\n[[factors]]\nname = "rot_x"\nacts_on = "rotation.q"\n'
    )
    command = [sys.executable, "-m", "iebench.manifests.shell.cli", "render", "--recipe", "mine.toml", "--dry-run"]
    result = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert result.returncode == 2
    assert result.stderr.startswith("iebench: mine.toml: factor rot_x: acts_on 'rotation.q': unknown component")


def with_camera(number=1, **changes):
    """Recipe 3diebench with an azimuth, an elevation and a texture, and some entries of one of them changed."""
    added = [load(f"factors/{name}").factors[-1] for name in ("camera-azimuth", "camera-elevation", "floor-texture")]
    added[number] = dataclasses.replace(added[number], **changes)
    return dataclasses.replace(load(), factors=(*load().factors, *added))


def test_a_component_that_is_not_needed_may_be_left_out():
    assert wiring(with_camera())["camera"] == {"azimuth": "camera_azimuth", "elevation": "camera_elevation"}


def test_a_floor_with_detail_gets_the_samples_of_the_object():
    usual = load().quality["fast"]
    assert quality_for(load(), usual) == usual
    assert quality_for(with_camera(), usual) == dataclasses.replace(usual, ground_samples=0)


def test_an_angle_in_another_unit_is_refused():
    with pytest.raises(
        UsageError, match=r"factor camera_elevation has the unit 'turn', and camera\.elevation takes 'rad'"
    ):
        wiring(with_camera(unit="turn"))


def test_a_law_beyond_the_range_of_its_control_is_refused():
    with pytest.raises(UsageError) as error:
        check_values(with_camera(law=Uniform(0.0, 2.0)), None, "mine.toml")
    assert str(error.value) == (
        "mine.toml: camera_elevation reaches from 0 to 2, but camera.elevation takes values from -1.5708 to 1.5708 "
        "(rad): change its law"
    )


def test_a_law_may_reach_the_ends_of_the_range_of_its_control():
    for law in (Sweep(-math.pi / 2, math.pi / 2, 9), Uniform(-math.pi / 2, math.pi / 2), Constant(math.pi / 2)):
        check_values(with_camera(law=law), None, "mine.toml")


@pytest.mark.parametrize("law", [Uniform(0.0, 3.0), Constant(2.5), Sweep(0, 3, 4)], ids=repr)
def test_a_law_of_fractions_is_refused_where_a_control_takes_whole_numbers(law):
    with pytest.raises(UsageError, match=r"floor_texture has values such as .*, but floor\.texture takes whole"):
        check_values(with_camera(number=2, law=law), None, "mine.toml")
    check_values(with_camera(number=2, law=Sweep(0, 4, 4)), None, "mine.toml")


def test_given_values_beyond_the_range_of_their_control_are_refused():
    recipe = with_camera()
    columns = {name: [0.5, 1.0] for name in recipe.factor_names} | {"floor_texture": [1, 9]}
    table = pa.table({"synset": ["s", "s"], "object_id": ["o", "o"], "view": [0, 1], **columns})
    views = GivenViews(table, recipe, "views.parquet")
    with pytest.raises(UsageError, match=r"views.parquet: floor_texture reaches from 1 to 9, .* 0 to 5 \(number\)"):
        check_values(recipe, views, "views.parquet")


@pytest.mark.parametrize(("name", "target", "expected"), [
    ("pitch", "rotation.x", "rot_x"), ("rot_x", "rotation.y", "rot_y"), ("depth", "translation.z", "trans_z"),
])  # fmt: skip
def test_a_pose_with_other_factor_names_is_refused(name, target, expected):
    recipe = dataclasses.replace(acting(target).factors[0], name=name)
    recipe = dataclasses.replace(load(), factors=(recipe,))
    with pytest.raises(UsageError, match=rf"^mine: factor {name} acts on {target}: name it {expected}, the name that"):
        check_names(recipe, "mine")


@pytest.mark.parametrize("name", [*shipped("recipe"), *in_folders("recipe")])
def test_shipped_recipes_name_poses_as_methods_expect(name):
    check_names(load(name), name)
    assert set(ANGLES) == {NAMES[f"rotation.{axis}"] for axis in "xyz"}
