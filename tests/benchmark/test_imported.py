"""An imported dataset trains and scores like a rendered one."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scoring import SMALL

from iebench.benchmark import protocol
from iebench.benchmark.data.images import Images
from iebench.benchmark.results.reading import load_score
from iebench.manifests.shell.cli import main
from iebench.renderer.plan import Plan

pytestmark = pytest.mark.slow

SETTINGS = ["steps=2", "batch=4", "encoder.width=0.125", "method.projector=[8]"]


def call(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stop:
        main(list(arguments))
    return int(stop.value.code or 0)


def test_pictures_come_out_in_true_colours(imported: Path, published: tuple[Plan, dict[str, bytes]]) -> None:
    images = Images.open(imported, "val")
    row = images.table.slice(3, 1).to_pylist()[0]
    file = published[1][f"3DIEBench/{row['synset']}/{row['object_id']}/image_{row['view']}.jpg"]
    released = np.asarray(Image.open(io.BytesIO(file)))
    difference = np.abs(images.read([3])[0].astype(int) - released[..., ::-1])
    assert difference.mean() < 2 < np.abs(images.read([3])[0].astype(int) - released).mean()


def test_it_trains_and_scores(imported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(protocol, "load", lambda name: SMALL)
    settings = [argument for setting in SETTINGS for argument in ("--set", setting)]
    assert call("train", "--data", str(imported), "--method", "sie", *settings) == 0
    assert call("score", "--data", str(imported)) == 0
    score = load_score(next(Path("runs").glob("*/score.json")))
    assert (score.dataset.train_objects, score.dataset.val_objects, score.dataset.views) == (56, 14, 8)
    assert any("has no object of" in note for note in score.notes)  # few objects of many classes
