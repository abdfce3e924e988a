"""`from iebench.benchmark import ...`: the same numbers as the commands, and datasets for PyTorch."""

import base64
import hashlib
import importlib
import io
import json
import pickle
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from paths import ROOT
from PIL import Image
from scoring import SMALL
from torch import nn
from torch.utils.data import DataLoader

import iebench.benchmark
from iebench.benchmark import Dataset, Score, leaderboard, open_dataset, protocol, score, train
from iebench.benchmark.errors import (
    EncoderError,
    MissingPart,
    NotComparable,
    ScoreFileError,
    SettingError,
    UnknownName,
    UsageError,
)
from iebench.benchmark.results.html import RIGHT
from iebench.benchmark.statistics.metric_info import WHOLE
from iebench.manifests.errors import DatasetError
from iebench.manifests.recipe import load
from iebench.manifests.shell.cli import main
from iebench.manifests.text.escapes import html
from iebench.renderer.blender.interface import FAKE
from iebench.renderer.rendering import planning

ENCODER = """
from torch import nn

class Mine(nn.Sequential):
    preprocessing = "none"
    resolution = 16
    parts = {"first": slice(0, 4)}

    def __init__(self):
        super().__init__(nn.Conv2d(3, 8, 5, 4), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def data(tiny_dataset: Path) -> Dataset:
    """Return the tiny dataset, opened."""
    return open_dataset(tiny_dataset)


def command(*arguments: str | Path) -> None:
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    assert not stop.value.code


def test_a_dataset_has_its_size_classes_and_factors(data: Dataset) -> None:
    recipe = load()
    assert len(data) == 6 * 5 * 6
    assert len(data.classes) == 6 and list(data.classes) == sorted(set(data.classes), key=data.classes.index)
    assert [factor.name for factor in data.factors] == [factor.name for factor in recipe.factors]
    assert "144 train, 36 val images, 6 classes" in repr(data)


def test_a_notebook_shows_a_dataset_with_images_and_factors(data: Dataset) -> None:
    page = data._repr_html_()
    assert page.count("<img ") == 8 and "144 train images of 24 objects, 36 val images of 6 objects" in page
    rows = re.findall(r"<tr><td[^>]*>(\w+)</td><td[^>]*>(\w+)</td>", page)
    assert rows == [(factor.name, factor.unit) for factor in data.factors]
    first = base64.b64decode(re.findall(r'src="data:image/jpeg;base64,([^"]*)"', page)[0])
    shown = np.asarray(Image.open(io.BytesIO(first))).astype(int)
    assert np.abs(shown - np.asarray(data[0].image)).mean() < 6


@pytest.mark.slow
def test_a_notebook_shows_a_score_with_the_columns_of_a_leaderboard(twenty: dict[Path, Score]) -> None:
    result = next(iter(twenty.values()))
    page, board = result._repr_html_(), leaderboard([result]).board
    assert re.findall(r"<td title=[^>]*>([^<]*)</td>", page) == [html(board.infos[m].title) for m in board.columns]
    for metric in board.columns:
        entry, info = result.values[WHOLE][metric], board.infos[metric]
        assert f"<td{RIGHT}>{info.show(entry.value)}</td>" in page
    hostile = replace(result, name="<script>", notes=("<b>bold</b>",))._repr_html_()
    assert "<script>" not in hostile and "<b>" not in hostile


def test_an_item_is_an_image_and_its_latents(data: Dataset) -> None:
    train_images, val_images = data.images("train"), data.images("val")
    for index, images, row in ((0, train_images, 0), (len(train_images), val_images, 0), (-1, val_images, -1)):
        image, latents = data[index]
        assert np.array_equal(np.asarray(image), images.read([row % len(images)])[0])
        assert latents == {name: values[row] for name, values in images.latents.items()}
    with pytest.raises(IndexError, match="has 180 views, and no view 180"):
        data[180]


@pytest.mark.slow
def test_objects_are_read_alike_with_and_without_workers(data: Dataset) -> None:
    objects = data.torch("train", views=2, seed=3)
    assert len(objects) == 24
    objects.set_epoch(1)
    alone = list(DataLoader(objects, batch_size=6))
    for context in ("fork", "spawn"):
        loader = DataLoader(objects, batch_size=6, num_workers=2, multiprocessing_context=context)
        for batch, other in zip(alone, loader, strict=True):
            assert batch["images"].shape == (6, 2, 3, 32, 32) and torch.equal(batch["images"], other["images"])
            assert torch.equal(batch["views"], other["views"]) and torch.equal(batch["label"], other["label"])
            assert all(torch.equal(batch["latents"][name], other["latents"][name]) for name in batch["latents"])


def test_workers_that_persist_draw_new_views_each_epoch(data: Dataset) -> None:
    objects = data.torch("train", views=2)
    loader = DataLoader(objects, batch_size=24, num_workers=1, persistent_workers=True, multiprocessing_context="fork")
    drawn = []
    for epoch in (0, 1):
        objects.set_epoch(epoch)
        [batch] = list(loader)
        assert torch.equal(batch["views"], torch.stack([objects[i]["views"] for i in range(24)]))
        drawn.append(batch["views"])
    assert not torch.equal(*drawn)


def test_an_object_has_the_views_of_its_rows(data: Dataset) -> None:
    item, images = pickle.loads(pickle.dumps(data.torch("val", resolution=16)))[2], data.images("val")
    rows = np.arange(12, 18)
    assert item["images"].dtype == torch.float32 and item["images"].min() >= 0 and item["images"].max() <= 1
    pixels = (item["images"] * 255).round().byte().permute(0, 2, 3, 1).numpy()
    assert np.array_equal(pixels, images.read(rows, 16))
    assert np.array_equal(item["latents"]["rot_x"], images.latents["rot_x"][rows])
    assert item["label"] == images.labels[12] and item["object"] == 2 and item["views"].tolist() == list(range(6))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda data: data.torch("vall"), UnknownName, "unknown split 'vall'; did you mean val?"),
        (lambda data: data.torch(views=7), UsageError, "views is 7, and .* has 6: give a whole number from 1 to 6"),
        (lambda data: data.torch(resolution=64), UsageError, "resolution is 64, and .* has 32"),
        (lambda data: open_dataset("nowhere"), DatasetError, "nowhere"),
        (lambda data: score(3, data), EncoderError, "encoder is 3: give a torch.nn.Module"),
        (lambda data: score(nn.Flatten(), data, protocol="convergd"), UnknownName, "did you mean converged"),
        (lambda data: score(nn.Flatten(), data, precision="fp8"), UnknownName, "unknown precision 'fp8'"),
        (lambda data: score(nn.Flatten(), data, device="cudaa"), UnknownName, "did you mean cuda"),
        (lambda data: score("tim:resnet18", data), EncoderError, "did you mean timm:resnet18"),
        (lambda data: train("siee", data), UnknownName, "unknown method 'siee'; did you mean sie"),
        (lambda data: train("sie", data, stepps=5), UnknownName, "unknown setting 'stepps'; did you mean steps"),
        (lambda data: train("sie", data, steps=None), SettingError, "steps is None: give a number, a text"),
        (lambda data: leaderboard([]), ScoreFileError, "no score files"),
        (lambda data: leaderboard(Path("score.json")), ScoreFileError, "takes a list of scores"),
    ],
)
@pytest.mark.usefixtures("workspace")
def test_errors_are_one_sentence(data: Dataset, call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as raised:
        call(data)
    assert "\n" not in str(raised.value)


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_a_score_is_that_of_the_command(workspace: Path, data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    (workspace / "mine.py").write_text(ENCODER)
    monkeypatch.syspath_prepend(workspace)
    monkeypatch.delitem(sys.modules, "mine", raising=False)  # of another test of this process
    torch.manual_seed(0)
    module = importlib.import_module("mine").Mine().train()
    result = score(module, data, protocol=SMALL, seed=1, name="mine.Mine")
    assert module.training and all(parameter.requires_grad for parameter in module.parameters())
    assert repr(result) == "Score('mine.Mine', dataset='tiny', protocol='test')"
    result.save(workspace / "python.json")

    monkeypatch.setattr(protocol, "load", lambda name: SMALL)
    command("score", "--encoder", "mine:Mine", "--data", data.folder, "--seed", "1", "--out", "command.json")
    python_table, command_table = (
        json.loads((workspace / name).read_text()) for name in ("python.json", "command.json")
    )
    for table in (python_table, command_table):
        del table["seconds"], table["cost"]["images_per_s"], table["checksum"]  # of all entries, the times too
    assert python_table == command_table

    assert score("mine:Mine", data, protocol=SMALL, seed=1).values == result.values
    free = score(module.eval().forward, data, protocol=SMALL, seed=1, resolution=16)
    assert free.values[WHOLE] == result.values[WHOLE] and free.name == "forward"


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_a_run_is_that_of_the_command(workspace: Path, data: Dataset) -> None:
    small = {"batch": 4, "encoder": {"width": 0.125}, "method": {"projector": [8]}}
    run = train("vicreg", data, steps=2, seed=3, device="cpu", name="python", **small)
    words = ["steps=2", "batch=4", "encoder.width=0.125", "method.projector=[8]"]
    options = [word for text in words for word in ("--set", text)]
    command("train", "--method", "vicreg", "--data", data.folder, "--seed", "3", "--device", "cpu", *options)
    digests = [
        hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
        for folder in (run.folder, Path("runs/vicreg-tiny-s3"))
    ]
    assert digests[0] == digests[1] and run.folder == Path("runs/python")
    assert run.config.settings.steps == 2 and [line["step"] for line in run.history] == [2]

    result = score(run, protocol=SMALL)  # on the dataset of the run
    assert result.name == "python" and result.encoder.has_predictor is False
    assert score(run.encoder(), data, protocol=SMALL, resolution=32).values[WHOLE] == result.values[WHOLE]


@pytest.mark.slow
def test_a_leaderboard_in_every_form(twenty: dict[Path, Score], monkeypatch: pytest.MonkeyPatch) -> None:
    scores = list(twenty.values())
    board = leaderboard(scores[:3], sort="rotation_degrees_mean")
    assert all(result.name in str(board) for result in scores[:3]) and "\x1b" not in str(board)
    assert board.to_latex().count(r"\toprule") == 1 and board.to_markdown().startswith("| ")
    assert board.to_csv().count("\n") == 3 and len(json.loads(board.to_json())["rows"]) == 3
    pd = pytest.importorskip("pandas")
    frame = board.to_pandas()
    assert isinstance(frame, pd.DataFrame) and frame["run"].tolist() == [row.name for row in board.board.rows]
    assert frame["top1"].tolist() == [row.cells["top1"].estimate.value for row in board.board.rows]
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingPart, match="pandas is not installed"):
        board.to_pandas()


def test_a_leaderboard_refuses_scores_of_other_protocols(twenty: dict[Path, Score]) -> None:
    entry, *_ = twenty.values()
    with pytest.raises(NotComparable, match="do not belong in one table"):
        leaderboard([entry, replace(entry, protocol_id="0" * 12)])
    assert len(leaderboard([entry, entry]).board.rows) == 2


@pytest.mark.slow
def test_names_are_imported_when_they_are_used(tiny_dataset: Path) -> None:
    assert set(iebench.benchmark.__all__) <= set(dir(iebench.benchmark))
    lines = [
        "import sys; sys.modules.update(dict.fromkeys(('torch', 'bpy')))",
        "from iebench.benchmark import Leaderboard, leaderboard, open_dataset",
        f"print(open_dataset({str(tiny_dataset)!r})[3].image.size)",
        "import iebench.benchmark.scoring, iebench.benchmark.training, iebench.benchmark.ranking",
        "assert callable(leaderboard) and not hasattr(iebench.benchmark, 'scores')",
    ]
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], check=False, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout == "(32, 32)\n", done.stderr


def blocks() -> list[str]:
    """Return the blocks of Python of the page."""
    page = (ROOT / "docs" / "guides" / "python.md").read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", page, re.M | re.S)


@pytest.mark.slow  # webdataset leaves closing its files to the garbage collector
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_other_readers_of_the_page_read_the_same(data: Dataset) -> None:
    for library in ("webdataset", "datasets"):
        pytest.importorskip(library)
    [block] = [block for block in blocks() if "load_dataset" in block]
    names: dict[str, Any] = {"data": data}
    exec(compile(block, "docs/guides/python.md", "exec"), names)
    image, latents = data[0]
    assert np.array_equal((names["image"] * 255).round().astype(np.uint8), np.asarray(image))
    assert np.array_equal(np.asarray(names["view"]["jpg"]), np.asarray(image))
    for row in (names["row"], names["view"]["json"]):
        assert {name: row[name] for name in latents} == latents
    assert len(names["views"]) == len(data.images("train"))


@pytest.mark.slow
@pytest.mark.usefixtures("workspace", "one_thread")
def test_the_page_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(protocol, "load", lambda name: SMALL)
    monkeypatch.setattr(planning, "BLENDER", FAKE)
    small = {
        "classes=10, objects_per_class=20, resolution=64": "classes=6, objects_per_class=5, views=6, resolution=32",
        "classes=10, objects_per_class=5, resolution=64": "classes=2, objects_per_class=6, views=6, resolution=32",
        "steps=500": "steps=2, batch=4, encoder={'width': 0.125}, method={'projector': [8]}",
        "batch_size=256": "batch_size=8",
        "batches(256, workers=2)": "batches(8)",
        "epoch < 100": "epoch < 2",
    }
    code = "\n".join(block for block in blocks() if "load_dataset" not in block)
    for long, short in small.items():
        assert long in code
        code = code.replace(long, short)
    exec(compile(code, "docs/guides/python.md", "exec"), {"__name__": "page"})
    board = capsys.readouterr().out
    assert "mine" in board and "sie-builtin-s0" in board
