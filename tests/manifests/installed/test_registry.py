"""All registries alike: suggestions, lists without imports, broken plug-ins that cost only themselves."""

import ast
import re
import shutil
import subprocess
import sys
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from paths import ROOT
from plugins import forget, install

from iebench.baselines.registry import METHODS
from iebench.manifests.errors import IebenchError, MissingPart, UnknownName
from iebench.manifests.installed import plugins
from iebench.manifests.installed.registry import Registry
from iebench.renderer.blender.controls.wiring import CONTROLS

HOMES = {
    "iebench.baselines.registry": "METHODS",
    "iebench.baselines.networks.backbone": "BACKBONES",
    "iebench.benchmark.encoders.registry": "SCHEMES",
    "iebench.benchmark.encoders.wrappers.wrap": "WRAPPERS",
    "iebench.benchmark.fitting.context": "PROBES",
    "iebench.renderer.sources": "SOURCES",
    "iebench.renderer.engines": "ENGINES",
    "iebench.renderer.blender.controls.wiring": "CONTROLS",
    "iebench.manifests.shell.verbs": "COMMANDS",
    "iebench.manifests.doctor.parts": "CHECKS",
}
"""Modules to import each registry from."""
NEEDING_TORCH = ("BACKBONES", "SCHEMES", "WRAPPERS", "PROBES")
ALL: dict[str, Registry[Any]] = {name: getattr(import_module(module), name) for module, name in HOMES.items()}
PARTS = [p for folder in ("manifests", "renderer", "baselines", "benchmark") for p in (ROOT / folder).rglob("*.py")]
THEFT = "registry.register('{own}')(theirs)"
BROKEN = {  # code of a package, before which it registers "theirs" -> the sentence about it
    "1 / 0": "their_module, of the {kind} 'theirs', cannot be imported (ZeroDivisionError: division by zero)",
    "import nowhere": "cannot be imported (ModuleNotFoundError: No module named 'nowhere')",
    "raise SystemExit(7)": "cannot be imported (SystemExit: 7)",
    "raise ValueError('boom\\nand a long story')": "cannot be imported (ValueError: boom)",
    "def f(:": "cannot be imported (SyntaxError: invalid syntax",
    "raise KeyError": "cannot be imported (KeyError)",
    THEFT: "the {kind} '{own}' belongs to iebench: choose another name",
}


def code(name: str, registered: str, then: str = "") -> str:
    """Return a module that registers a function in the registry `name` under the name `registered`."""
    home = next(module for module, registry in HOMES.items() if registry == name)
    return (
        f"from {home} import {name} as registry\ndef theirs(): ...\nregistry.register({registered!r})(theirs)\n{then}\n"
    )


def test_a_package_installed_while_python_runs_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "theirs" not in METHODS
    info = tmp_path / "theirs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{METHODS.group}]\ntheirs = their_module\n")
    assert "theirs" in METHODS


@pytest.mark.slow
def test_every_registry_is_tested_here_and_nothing_else_reads_entry_points() -> None:
    groups: list[str] = []
    readers: set[str] = set()
    texts = {path: path.read_text(encoding="utf-8") for path in PARTS}
    for path in [path for path, text in texts.items() if "Registry(" in text or "entry_points" in text]:
        for node in ast.walk(ast.parse(texts[path])):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Registry":
                groups += [ast.unparse(argument) for argument in node.args[1:2]]
            if isinstance(node, ast.ImportFrom) and node.module == "importlib.metadata":
                readers |= {path.name for alias in node.names if alias.name == "entry_points"}
    assert len(groups) == len(ALL) and readers == {"plugins.py"}


@pytest.mark.parametrize("name", ALL)
def test_a_name_is_found_or_answered_with_the_nearest_names(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = ALL[name]
    own = next(iter(registry))
    install(tmp_path, monkeypatch, registry, {"theirs": "their_module"}, their_module=code(name, "theirs"))
    assert list(registry)[-1] == "theirs" and registry["theirs"].__class__ and registry[own] is registry[own]
    with pytest.raises(UnknownName, match=rf"unknown {registry.kind} 'theirss'; did you mean theirs"):
        registry["theirss"]
    with pytest.raises(UnknownName, match=rf"unknown {registry.kind} 'xyzzy'; choose from .*{own}"):
        registry["xyzzy"]


@pytest.mark.parametrize(("name", "then"), [
    *(("METHODS", then) for then in BROKEN),
    *((name, then) for name in ALL if name != "METHODS" for then in ("1 / 0", THEFT)),
])  # fmt: skip
def test_a_broken_plug_in_is_named_in_one_sentence_and_costs_only_itself(
    name: str, then: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = ALL[name]
    own = next(iter(registry))
    before = registry[own]
    points = {"theirs": "their_module", "whole": "whole_module", own: "their_module"}
    modules = {"their_module": code(name, "theirs", then.replace("{own}", own))}
    install(tmp_path, monkeypatch, registry, points, whole_module=code(name, "whole"), **modules)
    for _ in range(2):  # the second time nothing is left of the first
        with pytest.raises(IebenchError) as broken:
            registry["theirs"]
        text = str(broken.value)
        assert BROKEN[then].format(kind=registry.kind, own=own) in text and text.count("their_module") >= 1
        assert text.endswith(": mend or remove that package") and "\n" not in text and len(text) < 300
    assert registry[own] is before and "whole" in registry and registry["whole"]


@pytest.mark.parametrize("name", ALL)
def test_a_module_that_registers_another_name_is_named(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = ALL[name]
    install(tmp_path, monkeypatch, registry, {"theirs": "their_module"}, their_module=code(name, "other"))
    forget(monkeypatch, registry, "other")
    with pytest.raises(IebenchError, match=rf"^their_module.* the {registry.kind} 'theirs'( but 'other'|,).*: mend or"):
        registry["theirs"]


@pytest.mark.parametrize("name", ALL)
def test_a_list_imports_no_plug_in(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = ALL[name]
    install(tmp_path, monkeypatch, registry, {"theirs": "their_module"}, their_module="1 / 0")
    entries = dict(registry._entries)
    assert "theirs" in registry and "theirs" in list(registry) and registry.origin("theirs") == "their_module"
    assert "their_module" not in sys.modules and registry._entries == entries


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_entries_of_iebench_are_those_of_its_entry_points(name: str) -> None:
    registry = ALL[name]
    modules = {point.name: point.module for point in entry_points(group=registry.group) if plugins.ours(point)}
    for entry in modules:
        registry[entry]
    assert {entry: registry._modules[entry] for entry in filter(registry.ours, registry)} == modules


@pytest.mark.parametrize("name", ALL)
def test_no_package_imports_its_entries(name: str) -> None:
    for module in {point.module for point in entry_points(group=ALL[name].group) if plugins.ours(point)}:
        folder, _, file = module.rpartition(".")
        tree = ast.parse(Path(import_module(folder).__file__ or "").read_text(encoding="utf-8"))
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        assert not any(node.module == file or file in (alias.name for alias in node.names) for node in imports), module


@pytest.mark.slow
def test_lists_import_no_entry_and_need_neither_torch_nor_blender() -> None:
    light = {module: name for module, name in HOMES.items() if name not in NEEDING_TORCH}
    lists = "".join(f"from {module} import {name}; assert list({name})\n" for module, name in light.items())
    unused = "".join(f"assert not {name}._entries, {name}._entries\n" for name in light.values())
    hide = f"import sys\nsys.modules.update(dict.fromkeys(('torch', 'bpy', 'mathutils')))\n{lists}{unused}"
    subprocess.run([sys.executable, "-c", hide], check=True)


@pytest.mark.parametrize("name", ALL)
def test_a_checkout_that_is_newer_than_its_installation_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iebench.manifests.installed.registry.points", lambda group: {})
    with pytest.raises(MissingPart, match=rf"lists no {ALL[name].kind} of its own: install it again, in a checkout by"):
        list(ALL[name])


def test_a_name_that_is_declared_and_not_installed_is_named() -> None:
    registry: Registry[Any] = Registry("control", CONTROLS.group, order=("sun", "new"))
    assert list(registry)[:2] == ["sun", "new"] and sorted(registry) == sorted([*CONTROLS, "new"])
    with pytest.raises(MissingPart, match="the installed iebench lists no control 'new': install it again"):
        registry["new"]


def test_a_broken_plug_in_takes_none_of_our_entries_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that imports a method of iebench before it fails leaves that method usable."""
    METHODS["sen"]
    monkeypatch.delitem(sys.modules, "iebench.baselines.methods.sen")
    for entries in (METHODS._entries, METHODS._modules):
        monkeypatch.delitem(entries, "sen")
    install(
        tmp_path, monkeypatch, METHODS, {"theirs": "their_module"},
        their_module="import iebench.baselines.methods.sen\n1 / 0",
    )  # fmt: skip
    with pytest.raises(IebenchError, match="cannot be imported"):
        METHODS["theirs"]
    assert METHODS["sen"].name == "sen"


def test_a_name_belongs_to_the_package_that_has_it_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modules = {"a_module": code("CONTROLS", "wobble"), "b_module": code("CONTROLS", "wobble")}
    install(tmp_path, monkeypatch, CONTROLS, {"wobble": "a_module", "wiggle": "b_module"}, **modules)
    with pytest.raises(IebenchError, match="the control 'wobble' belongs to a_module: choose another name"):
        CONTROLS["wiggle"]
    assert CONTROLS.origin("wobble") == "a_module" and CONTROLS["wobble"].__module__ == "a_module"


@pytest.mark.parametrize("broken", ["import a_module\n1 / 0", "import a_module"])
def test_a_broken_entry_leaves_the_others_of_its_package(
    broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = {"wobble": "a_module", "wiggle": "b_module"}
    install(tmp_path, monkeypatch, CONTROLS, points, a_module=code("CONTROLS", "wobble"), b_module=broken)
    with pytest.raises(IebenchError, match=r"^b_module.* the control 'wiggle'"):
        CONTROLS["wiggle"]
    assert CONTROLS["wobble"].__module__ == "a_module"


def test_no_order_decides_between_two_packages_with_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modules = {name: code("CONTROLS", "wobble") for name in ("a_module", "b_module")}
    install(tmp_path, monkeypatch, CONTROLS, {"wobble": "b_module", "rotation": "b_module"}, **modules)
    shutil.copytree(tmp_path / "theirs-1.0.dist-info", other := tmp_path / "others-1.0.dist-info")
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: others\nVersion: 1.0\n")
    (other / "entry_points.txt").write_text("[iebench.controls]\nwobble = a_module\n")
    with pytest.raises(
        IebenchError, match=r"^a_module and b_module both have the control 'wobble': remove one of these"
    ):
        CONTROLS["wobble"]
    assert CONTROLS["rotation"].apply.__module__.startswith("iebench.")


@pytest.mark.parametrize("error", ["KeyError", "SystemExit", "DatasetError"])
def test_an_entry_that_fails_is_named_and_reported(
    error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    then = f"from iebench.manifests.errors import DatasetError\ndef fail(): raise {error}('x')"
    install(tmp_path, monkeypatch, CONTROLS, {"wobble": "a_module"}, a_module=code("CONTROLS", "wobble", then))
    assert CONTROLS["wobble"]
    fail = sys.modules["a_module"].fail
    sentence = rf"a_module, of the control 'wobble', failed \({error}: .*\): mend or remove that package"
    with pytest.raises(IebenchError, match=sentence):
        CONTROLS.call("wobble", fail)
    assert CONTROLS.attempt("wobble", fail) is None
    assert re.fullmatch(f"iebench: {sentence}\n", capsys.readouterr().err)
    with pytest.raises((Exception, SystemExit), match=r"^'?x'?$"):  # an error of ours is none of a plug-in's
        CONTROLS.call(next(iter(CONTROLS)), fail)
