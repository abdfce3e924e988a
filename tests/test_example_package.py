"""The example package: installed with pip; its factor is rendered, its method trained, its metric scored and ranked."""

import multiprocessing
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import blender_probe
import pytest
from paths import ROOT
from pebble import ProcessPool
from plans import plan_of
from plugins import forget
from scoring import SMALL

from iebench.baselines.registry import METHODS
from iebench.benchmark import protocol
from iebench.benchmark.fitting.context import PROBES
from iebench.benchmark.results.reading import load_score
from iebench.manifests.recipe import load
from iebench.manifests.shell.cli import main
from iebench.manifests.taxonomy import choose
from iebench.renderer.blender.controls.wiring import CONTROLS
from iebench.renderer.blender.interface import BLENDER, FAKE
from iebench.renderer.rendering.render import render_dataset
from iebench.renderer.sources.builtin import Builtin
from iebench.renderer.workers import worker

pytestmark = pytest.mark.slow

EXAMPLE = ROOT / "examples" / "iebench-example"
RECIPE = EXAMPLE / "lamp.toml"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder that the package was installed into, by pip and without network."""
    copy, target = tmp_path_factory.mktemp("example") / "copy", tmp_path_factory.mktemp("site")
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("__pycache__"))  # setuptools builds inside the folder
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-build-isolation", "--target", target, copy]
    subprocess.run(command, check=True, capture_output=True)
    return target


@pytest.fixture(autouse=True)
def installed(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the package importable, here and in processes that a test starts; the registries forget it afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", str(site), prepend=os.pathsep)
    for registry, name in ((METHODS, "align-uniform"), (PROBES, "view-similarity"), (CONTROLS, "lamp")):
        forget(monkeypatch, registry, name)
    for module in [name for name in sys.modules if name.startswith("iebench_example")]:
        monkeypatch.delitem(sys.modules, module)


def ran(*words: str) -> None:
    """Run `iebench ...`, which must succeed."""
    with pytest.raises(SystemExit) as stop:
        main(list(words))
    assert not stop.value.code, words


@pytest.mark.usefixtures("one_thread")
def test_the_package_works_on_the_whole_path(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = plan_of()
    recipe = replace(load(str(RECIPE)), views=plan.recipe.views, resolution=plan.recipe.resolution)
    info = render_dataset(replace(plan, recipe=recipe), Path("data"), workers=2, backend=FAKE)
    assert "lamp_radius" in info.recipe.factor_names
    short = replace(SMALL, heads={}, few_shot=None, neighbours=None, maps=None, axes=False, shares=False)
    monkeypatch.setattr(protocol, "load", lambda rules: short)
    small = ("steps=2", "batch=4", "encoder.width=0.125", "method.projector=[8]")
    options = [word for setting in small for word in ("--set", setting)]
    ran("train", "--method", "align-uniform", "--data", "data", "--name", "mine", *options)
    ran("score", "--run", "runs/mine")
    score = load_score(Path("runs/mine/score.json"))
    assert score.notes == () and score.versions["iebench-example"] == "0.1"
    similarity = score.values["whole"]["view_similarity"]
    assert -1 <= similarity.floor < similarity.value <= 1
    ran("validate", "runs/mine/score.json")
    capsys.readouterr()
    ran("leaderboard", "--sort", "view_similarity")
    assert "similarity" in capsys.readouterr().out


@pytest.mark.blender
def test_a_command_in_a_process_of_its_own_knows_the_control() -> None:
    command = [sys.executable, "-m", "iebench", "render", "--recipe", str(RECIPE), "--classes", "1", "--dry-run"]
    assert subprocess.run(command, check=True, capture_output=True).returncode == 0


@pytest.mark.blender
def test_the_larger_the_lamp_the_softer_its_light_and_shadow() -> None:
    recipe = replace(load(str(RECIPE)), resolution=64)
    setup = worker.Setup(BLENDER, recipe, recipe.quality["draft"], device="cpu", threads=2)
    mug = Builtin(None).objects(choose("mug"), 1)[0]
    context = multiprocessing.get_context("spawn")
    with ProcessPool(1, context=context, initializer=worker.start, initargs=[setup]) as pool:
        hard, usual, soft = (
            pool.schedule(
                blender_probe.picture, args=[mug], kwargs={"lamp_radius": radius, "light_theta": 0.7}
            ).result()
            for radius in (0.0, 0.25, 1.0)
        )
    floor = [picture[48:].astype(float).mean(-1).std() for picture in (hard, usual, soft)]  # where the light's edge is
    assert floor[0] > floor[1] > floor[2] and floor[0] > 1.5 * floor[2]
