"""docs/guides/your-encoder.md is correct: its code is run with the commands that it gives."""

import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
import torch
from paths import ROOT
from scoring import SMALL
from torch import nn

from iebench.baselines.action import ROTATION
from iebench.benchmark import protocol
from iebench.benchmark.data.images import Images
from iebench.benchmark.encoders import registry
from iebench.benchmark.encoders.prepared import prepare
from iebench.benchmark.features.feature_file import FeatureFile
from iebench.benchmark.results.reading import load_score
from iebench.manifests.shell.cli import main

pytestmark = pytest.mark.slow

TEXT = (ROOT / "docs" / "guides" / "your-encoder.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", TEXT, re.M | re.S)  # (language, text) in order
ENCODER, PREDICT, MAPS, FEATURES = (text for language, text in BLOCKS if language)
COMMANDS = next(text for language, text in BLOCKS if not language).splitlines()


@pytest.fixture
def workspace(tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Working folder with a dataset and a short protocol."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(protocol, "load", lambda rules: SMALL)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "my_encoder", raising=False)
    shutil.copytree(tiny_dataset, tmp_path / "data" / "tiny")
    return tmp_path


def test_the_example_is_short_and_is_scored_by_its_commands(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = [line for line in ENCODER.splitlines() if line.strip() and not line.startswith("#")]
    assert len(code) < 15
    Path("my_encoder.py").write_text(ENCODER)
    render, *rest = (shlex.split(line, comments=True) for line in COMMANDS)
    assert render[:2] == ["iebench", "render"] and [words[1] for words in rest] == ["score", "score", "leaderboard"]
    for words in rest:
        with pytest.raises(SystemExit) as stop:
            main(words[1:])
        assert not stop.value.code, capsys.readouterr().err
    smoke, real = (load_score(Path(f"runs/my_encoder.Mine{rest}/score.json")) for rest in ("", "-width=64"))
    assert (smoke.limit, real.limit) == (64, None) and (smoke.encoder.dim, real.encoder.dim) == (512, 1024)
    assert real.encoder.preprocessing == "minus 0.5, over 0.25" and real.notes == ()
    assert real.cost.parameters == 3 * 64 * 25 + 64 and real.cost.images_per_s is not None
    assert "my_encoder.Mine-width=64" in capsys.readouterr().out


def test_the_predictor_is_asked() -> None:
    names: dict[str, Any] = {"torch": torch}
    exec(PREDICT, names)

    class Predicting(nn.Module):
        predict = names["predict"]

        def __init__(self) -> None:
            super().__init__()
            self.step = nn.Linear(3 + 4, 3)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images.mean((2, 3))

    encoder = prepare(registry.LoadedEncoder("predicting", Predicting()), 16, torch.device("cpu"))
    views = [{name: torch.rand(2, dtype=torch.float64) for name in ROTATION} for _ in range(2)]
    assert encoder.predictor is not None
    assert encoder.predictor.predict(torch.rand(2, 3), *views).shape == (2, 3)


def test_the_table_is_taken(workspace: Path) -> None:
    data = Path("data/tiny")
    keys = np.concatenate([Images.open(data, split).table["key"].to_pylist() for split in ("train", "val")])
    exec(FEATURES, {"pandas": pandas, "keys": keys, "z": np.random.default_rng(0).normal(size=(len(keys), 4))})
    assert FeatureFile.open(Path("mine.parquet"), data).dim == 4


def test_every_way_in_is_named() -> None:
    table = TEXT.split("## Where encoders come from")[1].split("##")[0]
    words = {"python": "package.module:factory", "run": "runs/sie", "converted": "converted/sie",
             "torchscript": "model.pt`", "exported": "model.pt2", "onnx": "model.onnx`",
             "safetensors": "weights.safetensors`", "hub": "hub:FOLDER:ENTRY"}  # fmt: skip
    for scheme in registry.SCHEMES:
        assert words.get(scheme, f"{scheme}:NAME") in table


def test_the_page_reads_maps_of_an_encoder() -> None:
    pytest.importorskip("timm")
    names: dict[str, Any] = {"images": torch.rand(2, 3, 64, 64)}
    exec(MAPS, names)
    assert names["last"].shape == (2, 512, 2, 2) and names["early"].shape[-1] > 2
