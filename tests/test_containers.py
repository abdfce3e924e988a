"""The images of containers/ and the development container: what they name exists; `by_hand/containers.py` runs them."""

import json
import re
import shutil
import subprocess
import tomllib

import pytest
from paths import ROOT

import containers

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
KNOWN = {"FROM", "RUN", "ENV", "COPY", "USER", "WORKDIR", "ENTRYPOINT", "CMD"}


@pytest.mark.parametrize("name", containers.NAMES)
def test_an_image_is_made_of_known_steps_and_runs_the_command_as_a_user(name: str) -> None:
    steps = containers.steps(name)
    by_kind = {step.instruction: step for step in steps}
    assert by_kind.keys() <= KNOWN and steps[0].instruction == "FROM"
    assert re.fullmatch(r"docker\.io/library/python:(\S+)-slim-\w+", steps[0].text)
    assert by_kind["ENTRYPOINT"].command()[0] in PROJECT["scripts"] and by_kind["CMD"].command() == ["doctor"]
    assert by_kind["USER"].text in " ".join(step.text for step in steps if "useradd" in step.text)


@pytest.mark.parametrize("name", containers.NAMES)
def test_its_extras_constraints_and_packages_are_those_of_the_repository(name: str) -> None:
    [install] = [step.text for step in containers.steps(name) if "/bin/pip" in step.text]
    [extras] = re.findall(r"source\[(.+?)\]", install)
    assert name in extras.split(",") and {*extras.split(",")} <= PROJECT["optional-dependencies"].keys()
    [constraints] = re.findall(r'\$IEBENCH/source/(\S+?)"', install)
    assert (ROOT / constraints).is_file() and not containers.ignored(constraints)
    [listed] = re.findall(r"^PACKAGES := (.+)$", (ROOT / "Makefile").read_text("utf-8"), re.M)
    assert containers.packages(name) == (listed.split() if name == "render" else [])


def test_the_context_has_what_is_installed_and_no_data_or_environment() -> None:
    for path in ("pyproject.toml", "setup.py", "README.md", "api/__init__.py", "manifests/recipes/mini.toml"):
        assert not containers.ignored(path), path
    for path in (
        ".git/config",
        ".venv/bin/python",
        ".venv-next/x",
        "data/mini/train/00000.tar",
        "runs/a/b",
        "api/__pycache__/a",
    ):
        assert containers.ignored(path), path


@pytest.mark.parametrize("name", containers.NAMES)
def test_hadolint_finds_nothing(name: str) -> None:
    if shutil.which("hadolint") is None and not (ROOT / ".venv/bin/hadolint").exists():
        pytest.skip("hadolint is not installed: pip install -e '.[check]'")
    program = shutil.which("hadolint") or ROOT / ".venv/bin/hadolint"
    done = subprocess.run([program, containers.containerfile(name)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_development_container_makes_the_environment_of_the_repository() -> None:
    table = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text("utf-8"))
    assert re.fullmatch(r"docker\.io/library/python:3\.11-\w+", table["image"])
    target = table["postCreateCommand"].removeprefix("make ")
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), re.M) and table["remoteUser"] == "root"
    settings = table["customizations"]["vscode"]["settings"]
    assert settings["python.defaultInterpreterPath"].endswith("/.venv/bin/python")
