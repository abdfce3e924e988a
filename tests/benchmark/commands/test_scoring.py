"""`iebench score`, `leaderboard` and `report` on the command line."""

import csv
import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from plugins import install
from released import random_like, resnet_shapes
from scoring import SMALL, untrained_run

from iebench.benchmark import protocol
from iebench.benchmark.data.images import Images
from iebench.benchmark.fitting.context import PROBES
from iebench.benchmark.results.checksum import checksum
from iebench.benchmark.results.reading import load_score
from iebench.manifests.shell.cli import main

pytestmark = pytest.mark.slow


def call(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stop:
        main(list(arguments))
    return int(stop.value.code or 0)


@pytest.fixture
def workspace(tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Working folder with a dataset, two runs and a short protocol."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(protocol, "load", lambda name: SMALL)
    shutil.copytree(tiny_dataset, tmp_path / "data" / "tiny")
    for method in ("random", "sie"):
        untrained_run(Path("runs") / method, Path("data/tiny"), method)
    return tmp_path


def test_from_scores_to_the_report(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("score") == 0  # the newest run on its own dataset
    out = capsys.readouterr().out
    assert "runs/sie/score.json: written" in out and "equivariant" in out and "\x1b" not in out
    assert call("score", "--run", "runs/random", "--seed", "1") == 0
    assert load_score(Path("runs/random/score.json")).seed == 1
    assert call("leaderboard") == 0
    out = capsys.readouterr().out
    assert "sie" in out and "random" in out and " part " not in out.splitlines()[1]
    assert call("leaderboard", "--parts", "--format", "csv", "--out", "table.csv") == 0
    assert len(Path("table.csv").read_text().splitlines()) == 1 + 3 + 1
    assert call("leaderboard", "--columns", "mrr,top1", "--format", "md", "--out", "table.md") == 0
    assert "| run | MRR | top-1 % |" in Path("table.md").read_text().replace("| rank ", "")
    assert call("leaderboard", "--columns", "mrr", "--format", "csv") == 2
    assert call("report", "--figures", "figures") == 0
    assert sorted(path.name for path in Path("figures").iterdir()) == ["retrieval.svg", "tradeoff.svg"]
    assert Path("report.html").read_text().startswith("<!doctype html>")


def test_smoke_runs_are_left_out_unless_they_are_named(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("score") == 0 and call("score", "--run", "runs/random", "--limit", "4") == 0
    capsys.readouterr()
    assert call("leaderboard", "--format", "csv") == 0
    out, err = capsys.readouterr()
    assert {row["run"] for row in csv.DictReader(out.splitlines())} == {"sie"}
    assert err == "smoke runs are left out: runs/random/score.json\n"
    assert call("report") == 0
    assert "smoke runs are left out" in capsys.readouterr().err
    assert call("leaderboard", "runs/random/score.json", "runs/sie/score.json") == 1
    assert "smoke limit 4 against None" in capsys.readouterr().err
    Path("runs/sie/score.json").unlink()
    assert call("leaderboard") == 0 and "SMOKE RUN" in capsys.readouterr().out


def test_anyones_encoder(workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.py").write_text(
        "from torch import nn\ndef pool(): return nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten())\n"
    )
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert call("score", "--encoder", "mine:pool", "--limit", "5") == 0
    score = load_score(Path("runs/mine.pool/score.json"))
    assert score.encoder.dim == 12 and score.limit == 5 and score.run == {}
    assert "SMOKE" in capsys.readouterr().out
    assert call("score", "--encoder", "mine:pool", "--resolution", "16", "--out", "other.json") == 0
    assert load_score(Path("other.json")).encoder.resolution == 16


def test_features_that_somebody_computed(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    views = pa.concat_tables([Images.open(Path("data/tiny"), split).table for split in ("train", "val")])
    constant = np.ones((len(views), 3), np.float32)
    pq.write_table(pa.table({"key": views["key"], "z": list(constant)}), "mine.parquet")
    assert call("score", "--features", "mine.parquet") == 0
    assert "note: mine: all 3 columns of the features are constant" in capsys.readouterr().out
    score = load_score(Path("runs/mine/score.json"))
    assert (score.name, score.encoder.dim, score.encoder.resolution) == ("mine", 3, 0) and len(score.notes) == 1
    assert score.cost.parameters is None and not score.encoder.has_predictor
    assert call("score", "--features", "mine.parquet", "--run", "runs/sie") == 2


THEIRS = """
import numpy as np
from iebench.benchmark.statistics.bootstrap import Mean
from iebench.benchmark.statistics.metric_info import MetricInfo
from iebench.benchmark.fitting.context import probe

@probe("spread", metrics={"spread": MetricInfo("spread [of all]", "deviation of all columns", higher=False, digits=2)})
def spread(context):
    each = context.val.features.std(1).astype(float)
    return {"whole": {"spread": context.bootstrap.measure(Mean.of(each, context.val.image_objects), 0.0)}}
"""


def test_a_probe_of_another_package_is_ranked_with_it_and_shown_as_unknown_without_it(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    points = {"spread": "spread_probe", "broken": "broken_probe"}
    with monkeypatch.context() as installed:
        install(workspace / "site", installed, PROBES, points, spread_probe=THEIRS, broken_probe="1 / 0")
        assert call("score") == 0
        assert "note: sie: broken_probe, of the probe 'broken', cannot be imported" in capsys.readouterr().out
        assert call("validate", "runs/sie/score.json") == 0
        assert call("leaderboard", "--sort", "spread") == 0
        out = capsys.readouterr().out
        assert "spread" in out and "[of all]" in out and "unknown" not in out
    assert call("score", "--run", "runs/random") == 0  # without the plug-in package
    assert call("validate", "runs/sie/score.json", "runs/random/score.json") == 0
    capsys.readouterr()
    assert call("leaderboard") == 0
    out = capsys.readouterr().out
    assert "note: spread: not ranked, since the package theirs, whose probe measures it, is not installed" in out
    assert call("leaderboard", "--sort", "spread") == 2
    assert "spread is not ranked: the package theirs" in capsys.readouterr().err
    for form in ("md", "latex", "csv", "json"):
        assert call("leaderboard", "--format", form) == 0 and "spread" in capsys.readouterr().out
    assert call("report") == 0
    page = Path("report.html").read_text(encoding="utf-8")
    assert "spread [of all] (unknown)" in page and "deviation of all columns" in page
    table = json.loads(Path("runs/sie/score.json").read_text())
    assert table["versions"]["theirs"] == "1.0"
    table["metrics"]["spread"]["higher"] = True
    table["checksum"] = checksum(table)
    Path("other.json").write_text(json.dumps(table))
    assert call("leaderboard", "runs/sie/score.json", "other.json") == 1
    assert "metric spread's higher False against True" in capsys.readouterr().err


def test_a_converted_checkpoint(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save(random_like(resnet_shapes((1, 2, 3, 4))), "final_weights.pth")
    assert call("convert", "final_weights.pth", "converted/theirs") == 0
    assert call("score", "--encoder", "converted/theirs", "--limit", "5", "--resolution", "32") == 0
    score = load_score(Path("converted/theirs/score.json"))
    assert (score.name, score.encoder.dim, score.encoder.resolution, score.run) == ("theirs", 512, 32, {})
    assert "theirs" in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "code", "message"), [
    (["score", "--run", "runs/nothing"], 1, "runs/nothing is not a run folder"),
    (["score", "--run", "runs/sie", "--encoder", "a:b"], 2, "give one of --run, --encoder and --features"),
    (["score", "--encoder", "nowhere:x"], 1, "no module 'nowhere'"),
    (["score", "--data", "data/none"], 1, "holds no dataset"),
    (["score", "--resolution", "64"], 1, "holds images of 32 pixels, 64 were requested"),
    (["leaderboard", "none.json"], 1, "no such file: none.json"),
    (["leaderboard", "--format", "xml"], 2, "'xml' is not one of"),
    (["report"], 1, "no runs/*/score.json: run `iebench score` first"),
])  # fmt: skip
def test_what_is_wrong_is_said_in_one_line(
    workspace: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, message: str
) -> None:
    assert call(*arguments) == code
    error = capsys.readouterr().err
    assert message in error and "Traceback" not in error


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the message of a refusal to replace a score; the score file stays unchanged."""
    capsys.readouterr()
    assert call("score", *arguments) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "or delete it" in error
    return error


def test_a_finished_score_is_replaced_by_its_like_alone(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, run = Path("runs/random/score.json"), ("--run", "runs/random")
    path.write_text("damaged")
    for arguments in (["--limit", "4"], ["--limit", "5"], [], ["--seed", "1"]):  # the full one replaces the smoke runs'
        assert call("score", *run, *arguments) == 0
    before = path.read_bytes()
    error = refused(capsys, *run, "--limit", "4")
    assert (
        f"{path} is a score of all objects, not of --limit 4: give --out, as in --out runs/random/score-limit4" in error
    )
    monkeypatch.setattr(protocol, "load", lambda name: replace(SMALL, name="my own", seeds=1))
    assert "of protocol test (" in (error := refused(capsys, *run)) and "not of protocol my own (" in error
    assert "--out runs/random/score-my-own.json" in error and path.read_bytes() == before
    assert call("score", *run, "--limit", "4", "--out", str(path)) == 0  # an explicit --out may overwrite
    assert load_score(path).protocol.name == "my own"


def test_a_finished_score_outlives_another_dataset(
    workspace: Path, tiny_dataset: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("score", "--run", "runs/random") == 0
    path = Path("runs/random/score.json")
    score = load_score(path)
    replace(score, dataset=replace(score.dataset, name="elsewhere", fingerprint="0" * 64)).save(path)
    error = refused(capsys, "--run", "runs/random")
    assert "dataset elsewhere (000000000000), not of tiny (" in error and "--out runs/random/score-tiny.json" in error


def test_encoders_of_one_name_do_not_replace_one_another_but_a_run_trained_again_does(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    views = pa.concat_tables([Images.open(Path("data/tiny"), split).table for split in ("train", "val")])
    for folder in ("one", "other"):
        Path(folder).mkdir()
        pq.write_table(
            pa.table({"key": views["key"], "z": [[float(len(folder))]] * len(views)}), f"{folder}/mine.parquet"
        )
    assert [call("score", "--features", "one/mine.parquet") for _ in range(2)] == [0, 0]
    error = refused(capsys, "--features", "other/mine.parquet")
    assert "runs/mine/score.json is a score of weights " in error
    assert call("score", "--run", "runs/random") == 0
    score = load_score(path := Path("runs/random/score.json"))
    replace(score, encoder=replace(score.encoder, weights="0" * 64)).save(path)  # as before the run was trained again
    assert load_score(path).encoder.weights != score.encoder.weights
    assert call("score", "--run", "runs/random") == 0 and load_score(path).encoder == score.encoder


def test_an_unfinished_run(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("runs/sie/model.safetensors").unlink()
    assert call("score", "--run", "runs/sie") == 1
    assert "runs/sie is not finished" in capsys.readouterr().err


def test_another_dataset_may_be_named(workspace: Path, tiny_dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.move("data/tiny", "data/moved")
    assert call("score", "--run", "runs/sie") == 1
    assert "data/tiny, which is not there" in capsys.readouterr().err
    assert call("score", "--run", "runs/sie", "--data", "data/moved") == 0
