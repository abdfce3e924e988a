"""Pages of docs/guides that add something are correct: their code is installed and run with their commands."""

import re
import shlex
import shutil
import tomllib
from dataclasses import replace
from math import isfinite
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from paths import ROOT
from plans import plan_of
from plugins import install
from scoring import SMALL

from iebench.baselines.registry import METHODS
from iebench.benchmark import protocol
from iebench.benchmark.errors import SettingError
from iebench.benchmark.fitting.context import PROBES
from iebench.benchmark.orbits.sweep import swept
from iebench.benchmark.results.reading import load_score
from iebench.manifests.recipe import load
from iebench.manifests.shell.cli import main
from iebench.renderer.blender.controls.control import COMPANIONS
from iebench.renderer.blender.controls.wiring import CONTROLS, bind, check_values, wiring
from iebench.renderer.blender.interface import FAKE
from iebench.renderer.errors import SourceError
from iebench.renderer.rendering.render import render_dataset
from iebench.renderer.sources import SOURCES, open_source


def blocks(name: str) -> list[tuple[str, str]]:
    """Return the blocks of code of a guide: (language, text) in order."""
    page = (ROOT / "docs" / "guides" / f"{name}.md").read_text(encoding="utf-8")
    return re.findall(r"^```(\w*)\n(.*?)^```$", page, re.M | re.S)


def installed(name: str, module: str, site: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Install a guide's module and entry points; returns the commands that it gives, as words."""
    texts = blocks(name)
    first = [language for language, _ in texts].index("python")
    (_, code), (_, project), (_, commands), *_ = texts[first:]
    ((group, points),) = tomllib.loads(project)["project"]["entry-points"].items()
    registry = next(registry for registry in (METHODS, PROBES, SOURCES) if registry.group == group)
    install(site, monkeypatch, registry, points, **{module: code})
    return [shlex.split(line, comments=True) for line in commands.splitlines() if line.startswith("iebench ")]


def ran(words: list[str], *more: str) -> None:
    """Run `iebench ...`, with more options that make it small."""
    with pytest.raises(SystemExit) as stop:
        main([*words[1:], *more])
    assert not stop.value.code, words


@pytest.fixture(autouse=True)
def workspace(tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Working folder with a dataset and a short protocol."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(protocol, "load", lambda rules: SMALL)
    shutil.copytree(tiny_dataset, tmp_path / "data" / "builtin")
    return tmp_path


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_a_method_of_a_package_is_listed_trained_and_scored(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    methods, render, train, score = installed("your-method", "mine", workspace / "site", monkeypatch)
    ran(methods)
    assert "Mine: VICReg whose variance term sees the representation itself" in capsys.readouterr().out
    ran(render, "--dry-run", "--out", "data/other")
    (batch,) = (int(word.removeprefix("batch=")) for word in train if word.startswith("batch="))
    (objects,) = map(int, re.findall(r"(\d+) objects x", capsys.readouterr().err))
    assert batch <= 0.8 * objects  # those of the train split
    ran(train, "--set", "steps=2", "--set", "batch=4", "--set", "encoder.width=0.125", "--data", "data/builtin")
    ran(score)
    (path,) = workspace.glob("runs/*/score.json")
    assert load_score(path).encoder.name.startswith("mine")


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_a_probe_of_a_package_is_measured_and_shown(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commands = installed("your-probe", "brightness", workspace / "site", monkeypatch)
    Path("my_encoder.py").write_text(blocks("your-encoder")[0][1])
    for words in commands:
        ran(words)
    assert "brightness" in capsys.readouterr().out
    (path,) = workspace.glob("runs/*/score.json")
    assert load_score(path).values["whole"]["brightness"].value is not None


def test_a_source_of_a_package_is_listed_and_detected(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (render,) = installed("your-meshes", "numbered", workspace / "site", monkeypatch)
    (workspace / "meshes").mkdir()
    for name in ("chair_0001", "chair_0002", "lamp_0001"):
        (workspace / "meshes" / f"{name}.off").write_text("OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n")
    ran(render)
    assert "3 objects" in capsys.readouterr().err
    name, collection = open_source("meshes")
    assert name == "numbered" and [c.name for c in collection.classes()] == ["chair", "lamp"]
    with pytest.raises(SourceError, match="--source numbered needs a folder"):
        open_source("numbered")


def factor_guide(language: str, number: int) -> str:
    """Return a block of the guide of factors, by its language and its number among those of that language."""
    return [text for kind, text in blocks("your-factor") if kind == language][number]


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_a_factor_is_rendered_part_of_an_action_trained_on_and_scored(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The recipe is checked by the command and rendered by the fake renderer."""
    Path("around.toml").write_text(factor_guide("toml", 0))
    render, train, score = (shlex.split(line) for line in factor_guide("", 0).splitlines())
    ran(render, "--dry-run")
    assert "20 objects x 12 views = 240 images of 64 px" in capsys.readouterr().err
    recipe = replace(load("around.toml"), resolution=32, views=6)
    render_dataset(replace(plan_of("4"), recipe=recipe), Path("data/around"), workers=1, backend=FAKE)
    ran(train, "--set", "steps=2", "--set", "batch=4", "--set", "encoder.width=0.125")
    ran(score)
    (path,) = workspace.glob("runs/sie-around-s0/score.json")
    assert load_score(path).encoder.name == "sie-around-s0"
    orbit = Path("orbit-azimuth.toml")
    orbit.write_text(factor_guide("toml", 2))
    assert swept(load(str(orbit)), orbit).name == "camera_azimuth"


def test_the_guide_of_factors_lists_every_control_with_unit_range_and_effect() -> None:
    page = (ROOT / "docs" / "guides" / "your-factor.md").read_text(encoding="utf-8")
    for name in set(CONTROLS) - set(COMPANIONS[1:]):  # the page says that these are like the first
        for component, about in CONTROLS[name].components.items():
            most = "the number of images" if about.most else f"{about.high:.4g}"
            span = f"{about.low:.4g} to {most}" if isfinite(about.low) else "any"
            assert f"| `{name}.{component}` | {about.unit} | {span} | {about.moves} |" in page


def test_a_control_of_a_package_is_wired_to_its_factor(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    points = tomllib.loads(factor_guide("toml", 3))["project"]["entry-points"][CONTROLS.group]
    install(workspace / "site", monkeypatch, CONTROLS, points, cone=factor_guide("python", 0))
    factor = replace(load().factors[-1], name="spot_cone", acts_on="cone.width", unit="rad", circular=False)
    recipe = replace(load(), factors=(factor,))
    assert wiring(recipe) == {"cone": {"width": "spot_cone"}}
    with pytest.raises(SettingError, match=r"spot_cone reaches from 0 to 1, but cone\.width takes values from 0\.0175"):
        check_values(recipe, None, "mine")
    handles: Any = SimpleNamespace(spot=SimpleNamespace(data=SimpleNamespace(spot_size=0.3)))
    bind(recipe)(handles, {"spot_cone": 0.7})
    assert handles.spot.data.spot_size == 0.7
