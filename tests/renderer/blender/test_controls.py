"""Controls: a recipe's factors set all components of their targets, or are refused before Blender starts."""

import dataclasses
import subprocess
import sys

import pytest

from iebench.manifests.common.shipped import shipped
from iebench.manifests.errors import UsageError
from iebench.manifests.recipe import load
from iebench.renderer.blender.controls import CONTROLS, wiring


def acting(*targets):
    """Recipe 3diebench with one factor for each given target and no others."""
    factor = load().factors[0]
    factors = tuple(dataclasses.replace(factor, name=f"factor_{i}", acts_on=target) for i, target in enumerate(targets))
    return dataclasses.replace(load(), factors=factors)


@pytest.mark.parametrize("name", shipped("recipe"))
def test_shipped_recipes_feed_whole_controls(name):
    recipe = load(name)
    wires = wiring(recipe)
    assert all(set(components) == set(CONTROLS[control].components) for control, components in wires.items())
    assert sorted(name for wire in wires.values() for name in wire.values()) == sorted(recipe.factor_names)


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        (["nothing"], "factor factor_0: acts_on 'nothing': unknown control 'nothing'; choose from rotation"),
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


def test_controls_are_checked_without_blender():
    code = "import sys, iebench.renderer.blender.controls; assert not {'bpy', 'mathutils'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_dry_run_refuses_too(tmp_path):
    (tmp_path / "mine.toml").write_text(
        'extends = "3diebench"\nname = "mine"\n[[factors]]\nname = "rot_x"\nacts_on = "rotation.q"\n'
    )
    command = [sys.executable, "-m", "iebench.manifests.shell.cli", "render", "--recipe", "mine.toml", "--dry-run"]
    result = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert result.returncode == 2
    assert result.stderr.startswith("iebench: mine.toml: factor rot_x: acts_on 'rotation.q': unknown component")
