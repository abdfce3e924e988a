"""The command line: help is quick, errors are one sentence with the right exit code."""

import re
import subprocess
import sys

import pytest

from iebench.manifests.common import cli


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "iebench.manifests.common.cli", *arguments], check=False, capture_output=True, text=True
    )


@pytest.mark.parametrize("verb", cli.ORDER)
def test_every_verb_explains_itself(verb):
    result = run(verb, "--help")
    assert result.returncode == 0, result.stderr
    assert len(re.findall(rf"\n +iebench {verb}", result.stdout)) == 3  # examples to copy
    assert "Traceback" not in result.stderr


def test_help_lists_the_verbs_in_the_order_of_work():
    lines = run("--help").stdout.split("Commands:")[1]
    positions = [lines.index(f"  {verb} ") for verb in cli.ORDER]
    assert positions == sorted(positions)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rendre"], "did you mean render"),
        (["render", "--classes", "chiar"], "did you mean chair"),
        (["render", "--source", "shapenit"], "did you mean shapenet"),
        (["render", "--quality", "fats"], "did you mean fast"),
        (["render", "--vews", "3"], "--views"),
        (["import", "3diebnch", "from", "to"], "did you mean 3diebench"),
        (["train", "--method", "siee"], "did you mean sie"),
    ],
)
def test_a_misspelt_word_is_a_usage_error_with_a_suggestion(arguments, words):
    result = run(*arguments)
    assert result.returncode == 2, result.stderr
    assert words in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("module", "extra", "arguments"), [("bpy", "render", ["render"]), ("torch", "train", ["train"])]
)
def test_a_missing_part_says_how_to_get_it(module, extra, arguments, tmp_path):
    hide = f"""
import importlib.util, sys
sys.modules[{module!r}] = None
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == {module!r} else found(name, *rest)
from iebench.manifests.common.cli import main
main({arguments!r})
"""
    result = subprocess.run([sys.executable, "-c", hide], check=False, capture_output=True, text=True, cwd=tmp_path)
    assert result.returncode == 1, result.stderr
    assert f"needs {module}: pip install 'iebench[{extra}]'" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_wrong_python_for_blender_is_named(monkeypatch):
    monkeypatch.setattr(cli, "BLENDER_PYTHONS", ("3.9",))
    assert "this is Python 3." in str(cli.missing_part("bpy"))


def test_a_missing_system_library_is_named():
    error = ImportError("libXrender.so.1: cannot open shared object file")
    assert "libXrender.so.1" in str(cli.missing_part("bpy", error))


def test_repeatable_options_need_a_value():
    assert cli.pairs("--slurm", ["partition=long", "comment=a=b"]) == {"partition": "long", "comment": "a=b"}
    with pytest.raises(cli.UsageError, match="--slurm partition has no value: write it as --slurm KEY=VALUE"):
        cli.pairs("--slurm", ["partition"])
