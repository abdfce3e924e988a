"""Plug-ins of other packages (entry points): a broken one is named, fails alone, and never replaces ours."""

from pathlib import Path

import pytest
from plugins import install

from iebench.baselines.registry import METHODS
from iebench.manifests.installed import plugins
from iebench.manifests.shell.cli import main
from iebench.renderer.engines import ENGINES
from iebench.renderer.errors import PluginBroken
from iebench.renderer.sources import SOURCES, open_source

METHOD = """
from dataclasses import dataclass
from iebench.baselines.method import Method, method

@dataclass(frozen=True)
class Settings:
    weight: float = 1.0

@method("theirs", Settings)
class Theirs(Method):
    def __init__(self, encoder, settings):
        super().__init__(encoder)

    def loss(self, images, latents):
        return LOSS
"""
SOURCE = """
from iebench.renderer.sources.registry import source

@source("theirs")
class Theirs:
    licence = "CC0-1.0"

    def __init__(self, path):
        pass

    @staticmethod
    def recognises(path):
        raise KeyError(path.name)

    def classes(self):
        return {}["synset"]
"""
ENGINE = """
class Engine:
    def __init__(self, work, options):
        raise RuntimeError("no cluster today")
    def __enter__(self): ...
    def __exit__(self, *error): ...
    def preview(self, shards): ...
    def about(self): ...
    def render(self, shards, renderer, advance): ...
"""


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as stop:
        main(list(arguments))
    return int(stop.value.code or 0), capsys.readouterr().err


@pytest.mark.parametrize(("loss", "reason"), [
    ("{}['margin']", "KeyError: 'margin'"), ("1 / 0", "ZeroDivisionError: division by zero"),
])  # fmt: skip
def test_a_method_that_fails_while_it_trains_is_blamed_with_its_line(
    tmp_path: Path, tiny_dataset: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    loss: str, reason: str,
) -> None:  # fmt: skip
    pytest.importorskip("torch")
    code = METHOD.replace("LOSS", loss)
    install(tmp_path, monkeypatch, METHODS, {"theirs": "their_method"}, their_method=code)
    line = 1 + code.splitlines().index(f"        return {loss}")
    small = ("--data", str(tiny_dataset), "--set", "batch=4", "--set", "encoder.width=0.125", "--device", "cpu")
    code, printed = run(capsys, "train", "--method", "theirs", "--out", str(tmp_path), *small)
    blame = f"their_method, of the method 'theirs', failed in their_method.py, line {line} ({reason})"
    assert code == 1, printed
    assert printed.splitlines()[-1] == f"iebench: {blame}: mend or remove that package"


def test_a_broken_source_does_not_keep_others_from_their_collections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    points = {"theirs": "their_source", "ghost": "poltergeist"}
    install(tmp_path / "site", monkeypatch, SOURCES, points, their_source=SOURCE, poltergeist="1 / 0")
    mesh = tmp_path / "meshes" / "cup" / "one.obj"
    mesh.parent.mkdir(parents=True)
    mesh.write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    assert open_source(str(tmp_path / "meshes"))[0] == "folder"
    assert capsys.readouterr().err.splitlines() == [
        "iebench: poltergeist, of the source 'ghost', cannot be imported (ZeroDivisionError: division by zero): "
        "mend or remove that package",
        "iebench: their_source, of the source 'theirs', failed (KeyError: 'meshes'): mend or remove that package",
    ]
    code, printed = run(capsys, "render", "--source", "theirs", "--dry-run")
    assert code == 1 and "iebench: their_source, of the source 'theirs', failed in their_source.py, line" in printed


def test_a_broken_engine_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    points = {"theirs": "their_engine:Engine", "idle": "idle_engine:Idle", "ghost": "poltergeist", "local": "no:No"}
    code = {"their_engine": ENGINE, "idle_engine": "class Idle: ...", "poltergeist": "1 / 0"}
    install(tmp_path, monkeypatch, ENGINES, points, **code)
    assert ENGINES["local"].__module__ == "iebench.renderer.engines.local"
    with pytest.raises(PluginBroken, match="idle_engine:Idle, of the engine 'idle', has no __enter__"):
        ENGINES["idle"]
    with pytest.raises(PluginBroken, match="poltergeist, of the engine 'ghost', cannot be imported"):
        ENGINES["ghost"]
    code, printed = run(capsys, "render", "--classes", "1", "--engine", "theirs", "--dry-run")
    assert (
        code == 1
        and "their_engine, of the engine 'theirs', failed in their_engine.py, line 4 (RuntimeError:" in printed
    )


def test_a_fault_of_iebench_is_blamed_on_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, METHODS, {"theirs": "their_method"}, their_method=METHOD)
    assert plugins.blamed(KeyError("x")) == ""
