"""The project's shape: imports point one way, and each part loads without what it does not need."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {
    "api": {"manifests"},
    "manifests": set(),
    "baselines": {"manifests"},
    "benchmark": {"manifests", "baselines"},
    "renderer": {"manifests"},
}
MODULES = [path for folder in MAY_IMPORT for path in sorted((ROOT / folder).rglob("*.py"))]


def imports(path):
    """Absolute module names imported anywhere in a file, and how far its relative imports climb."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", node.level


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_one_way(path):
    folder, *inside = path.relative_to(ROOT).parts
    for name, level in imports(path):
        assert level <= len(inside), f"{path} climbs out of its folder"
        top, _, rest = name.partition(".")
        if top == "iebench" and level == 0:
            assert rest.split(".")[0] in MAY_IMPORT[folder] | {folder}, f"{path} imports {name}"
        if top in ("bpy", "mathutils"):
            assert folder == "renderer", f"{path} imports {name}"
        if top == "torch":
            assert folder in ("benchmark", "baselines"), f"{path} imports {name}"


@pytest.mark.parametrize(
    ("module", "without"),
    [
        ("iebench.benchmark", ("bpy", "torch")),
        ("iebench.benchmark.score", ("bpy", "trimesh", "pebble")),
        ("iebench.benchmark.train", ("bpy", "trimesh", "pebble")),
        ("iebench.renderer.render", ("bpy", "torch")),
        ("iebench.renderer.commands.render", ("bpy", "torch")),
        ("iebench.renderer.proof.verify", ("bpy", "torch", "trimesh", "matplotlib")),
        ("iebench.renderer.proof.inspect", ("bpy", "torch", "trimesh")),
        ("iebench.manifests.shell.cli", ("bpy", "torch")),
    ],
)
def test_a_part_loads_without_what_it_does_not_need(module, without):
    hide = f"import sys; sys.modules.update(dict.fromkeys({without!r})); import {module}"
    result = subprocess.run([sys.executable, "-c", hide], check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_every_package_is_installed():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    names = {folder: name for name, folder in settings["package-dir"].items()}
    found = [path.parent.relative_to(ROOT) for folder in MAY_IMPORT for path in (ROOT / folder).rglob("__init__.py")]
    assert sorted(settings["packages"]) == sorted(".".join([names[path.parts[0]], *path.parts[1:]]) for path in found)
