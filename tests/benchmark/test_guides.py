"""Pages of docs/guides that add something are correct: their code is installed and run with their commands."""

import re
import shlex
import shutil
import tomllib
from pathlib import Path

import pytest
from paths import ROOT
from plugins import install
from scoring import SMALL

from iebench.baselines.registry import METHODS
from iebench.benchmark import protocol
from iebench.benchmark.probes import PROBES
from iebench.benchmark.results.reading import load_score
from iebench.manifests.shell.cli import main


def blocks(name: str) -> list[tuple[str, str]]:
    """Return the blocks of code of a guide: (language, text) in order."""
    page = (ROOT / "docs" / "guides" / f"{name}.md").read_text(encoding="utf-8")
    return re.findall(r"^```(\w*)\n(.*?)^```$", page, re.M | re.S)


def installed(name: str, module: str, site: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Install a guide's module and entry points; returns the commands that it gives, as words."""
    (_, code), (_, project), (_, commands), *_ = blocks(name)
    ((group, points),) = tomllib.loads(project)["project"]["entry-points"].items()
    registry = next(registry for registry in (METHODS, PROBES) if registry.group == group)
    install(site, monkeypatch, registry, points, **{module: code})
    return [shlex.split(line, comments=True) for line in commands.splitlines() if line.startswith("iebench ")]


def ran(words: list[str], *more: str) -> None:
    """Run `iebench ...`, with more options that make it small."""
    with pytest.raises(SystemExit) as stop:
        main([*words[1:], *more])
    assert not stop.value.code, words


@pytest.fixture(autouse=True)
def here(tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Working folder with a dataset and a short protocol."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(protocol, "load", lambda rules: SMALL)
    shutil.copytree(tiny_dataset, tmp_path / "data" / "builtin")
    return tmp_path


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_a_method_of_a_package_is_listed_trained_and_scored(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    methods, train, score = installed("your-method", "mine", here / "site", monkeypatch)
    ran(methods)
    assert "Mine: VICReg whose variance term sees the representation itself" in capsys.readouterr().out
    ran(train, "--set", "steps=2", "--set", "batch=4", "--set", "encoder.width=0.125", "--data", "data/builtin")
    ran(score)
    (path,) = here.glob("runs/*/score.json")
    assert load_score(path).encoder.name.startswith("mine")


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_a_probe_of_a_package_is_measured_and_shown(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commands = installed("your-probe", "brightness", here / "site", monkeypatch)
    Path("my_encoder.py").write_text(blocks("your-encoder")[0][1])
    for words in commands:
        ran(words)
    assert "brightness" in capsys.readouterr().out
    (path,) = here.glob("runs/*/score.json")
    assert load_score(path).values["whole"]["brightness"].value is not None
