"""A recipe with further factors is probed, scored, validated, ranked and reported, with no line of Python."""

import csv
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from plans import plan_of
from torch import Tensor
from torch.nn import functional as F

from iebench.benchmark import score
from iebench.benchmark.metrics import METRICS
from iebench.benchmark.protocol import load as protocol
from iebench.benchmark.results.reading import load_score
from iebench.benchmark.results.score import Score
from iebench.manifests.recipe import load
from iebench.manifests.shell.cli import main
from iebench.renderer.blender.interface import FAKE
from iebench.renderer.rendering.render import render_dataset

pytestmark = pytest.mark.slow

RECIPE = """
extends = "3diebench"
name = "further"
views = 8
resolution = 32

[[factors]]
name = "camera_azimuth"
acts_on = "camera.azimuth"
unit = "rad"
frame = "azimuth of the camera"
circular = true
law = { kind = "uniform", low = 0.0, high = 6.283185307179586 }

[[factors]]
name = "object_scale"
acts_on = "object.scale"
unit = "times"
frame = "of the object as it was loaded"
circular = false
law = { kind = "uniform", low = 0.5, high = 1.5 }

[[factors]]
name = "Größe"
acts_on = "spot.energy"
unit = "W"
frame = "power of the spot"
circular = false
law = { kind = "uniform", low = 100.0, high = 200.0 }
"""
MAPS = ("mrr", "error", "error_nonlinear", "identity", "inverse", "composition")
NEW = {f"{name}{kind}_r2" for name in ("camera_azimuth", "object_scale") for kind in ("", "_composed")}
NEW |= {"share_camera_azimuth", "share_object_scale", *(f"camera_azimuth_map_{kind}" for kind in MAPS)}


def stripes(images: Tensor) -> Tensor:
    """Encode images by the colours of their lower edge, where the fake renderer draws further factors."""
    return F.adaptive_avg_pool2d(images[:, :, -9:], (3, 1)).flatten(1)


def shades(images: Tensor) -> Tensor:
    """Encode images by their mean colours, which show little of further factors."""
    return F.adaptive_avg_pool2d(images[:, :, :16], (2, 2)).flatten(1)


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a dataset of three further factors and the scores of two encoders in runs/."""
    folder = tmp_path_factory.mktemp("further")
    (folder / "further.toml").write_text(RECIPE, encoding="utf-8")
    plan = replace(plan_of("4", per_class=6), recipe=load(str(folder / "further.toml")))
    render_dataset(plan, folder / "data" / "further", workers=1, backend=FAKE)
    rules = replace(protocol("converged"), name="test", draws=50)
    with pytest.MonkeyPatch.context() as inside:
        inside.chdir(folder)
        for encoder in (stripes, shades):
            score(encoder, "data/further", protocol=rules, device="cpu").save(
                Path("runs", encoder.__name__, "score.json")
            )
    return folder


def read(folder: Path, name: str) -> Score:
    return load_score(folder / "runs" / name / "score.json")


def test_every_probe_asks_about_the_further_factors(scored: Path) -> None:
    best, worst = (read(scored, name) for name in ("stripes", "shades"))
    for result in (best, worst):
        values = result.values["whole"].keys()
        assert values - METRICS.keys() == NEW == result.metrics.keys()
        assert {"floor_hue_r2", "light_position_r2", "share_rotation", "colour_map_error", "mig"} <= values
    for metric in ("camera_azimuth_r2", "object_scale_r2", "share_object_scale", "camera_azimuth_map_mrr"):
        assert best.values["whole"][metric].value > worst.values["whole"][metric].value + 0.1
    assert best.values["whole"]["object_scale_r2"].value > 0.9
    assert best.metrics["camera_azimuth_r2"].title == "camera azimuth R²" and best.metrics["camera_azimuth_r2"].column


def test_a_factor_whose_name_cannot_name_a_metric_is_noted(scored: Path) -> None:
    assert any(n.startswith("'Größe' is not probed") for n in read(scored, "stripes").notes)


def call(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stop:
        main([*arguments])
    return int(stop.value.code or 0)


def test_its_metrics_are_validated_ranked_and_reported(
    scored: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(scored)
    assert call("validate", "runs/stripes/score.json", "runs/shades/score.json") == 0
    capsys.readouterr()
    assert call("leaderboard", "--sort", "camera_azimuth_r2") == 0
    table = capsys.readouterr().out
    assert "camera" in table and "unknown" not in table and table.index("stripes") < table.index("shades")
    assert call("leaderboard", "--format", "csv", "--sort", "object_scale_r2") == 0
    (first, _) = csv.DictReader(capsys.readouterr().out.splitlines())
    assert first.keys() >= NEW and float(first["object_scale_r2_rank_low"]) == 1
    assert call("leaderboard", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["rows"][0]["values"].keys() >= NEW
    assert call("report", "--data", "data/further") == 0
    page = Path("report.html").read_text(encoding="utf-8")
    assert "camera azimuth R²" in page and "change of the object scale between two views" in page


def test_the_table_needs_no_torch(scored: Path) -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from iebench.manifests.shell.cli import main; main(['leaderboard', '--sort', 'object_scale_r2'])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=scored, check=False, capture_output=True, text=True)
    assert done.returncode == 0 and "stripes" in done.stdout, done.stderr
