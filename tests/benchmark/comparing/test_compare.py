"""`iebench compare` from end to end: two runs, a run and a file of features, and what it refuses."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image
from scoring import untrained_run

from iebench.benchmark import compare as compare_encoders
from iebench.benchmark.comparing.command import compare
from iebench.benchmark.comparing.measures import SIMILARITY
from iebench.manifests.errors import IebenchError

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]
Call = Callable[..., str]


@pytest.fixture(scope="module")
def folder(tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compared")
    for method in ("sie", "vicreg"):
        untrained_run(folder / method, tiny_dataset, method)
    return folder


@pytest.fixture
def call(folder: Path, tiny_dataset: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.chdir(folder)

    def called(*arguments: str, data: Path = tiny_dataset) -> str:
        result = CliRunner().invoke(compare, [*arguments, "--data", str(data)], standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return result.stdout

    return called


def test_it_prints_draws_and_gives_all_numbers(call: Call, folder: Path) -> None:
    text = call("sie", "vicreg", "--plot", "both.png")
    assert all(info.title in text and info.about in text for info in SIMILARITY.values())
    assert "floor hue" in text and "class, top-1 %, trained on sie" in text and "val objects" in text
    with Image.open(folder / "both.png") as picture:
        assert min(picture.size) > 400
    table = json.loads(call("sie", "vicreg", "--json"))
    assert table["names"] == ["sie", "vicreg"] and set(table["similarity"]) == set(SIMILARITY)
    for entry in (*table["similarity"].values(), *(kind["rank"] for kind in table["agreement"][0].values())):
        assert entry["low"] - 1e-9 <= entry["value"] <= entry["high"] + 1e-9


def test_an_encoder_equals_itself(call: Call) -> None:
    table = json.loads(call("sie", "sie", "--json"))
    assert table["names"] == ["sie (A)", "sie (B)"]
    values = {name: entry["value"] for name, entry in table["similarity"].items()}
    assert values.pop("procrustes_degrees") == pytest.approx(0, abs=1e-3)
    assert list(values.values()) == pytest.approx([1] * len(values), abs=1e-6)
    assert table["stitching"][0] == table["stitching"][1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("sie", "gone.json"), "no such file: gone.json; name a run's folder"),
        (("sie", "vicreg", "--plot", "both.pdf"), "--plot writes a PNG: name the file both.png"),
    ],
)
def test_what_it_cannot_compare_is_refused(call: Call, arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(Exception, match=message):
        call(*arguments)


def test_a_constant_encoder_is_refused(call: Call, folder: Path) -> None:
    (folder / "blank.py").write_text(
        "import torch\ndef make():\n    class Blank(torch.nn.Module):\n"
        "        def forward(self, images):\n            return torch.ones(len(images), 4)\n    return Blank()\n"
    )
    with pytest.raises(IebenchError, match="maps every image to one point"):
        call("sie", "blank:make")


def test_numbers_are_the_same_each_time(call: Call) -> None:
    first, second = (json.loads(call("sie", "vicreg", "--json")) for _ in range(2))
    assert first == second and np.isfinite(first["similarity"]["rsa"]["value"])


def test_from_python_it_gives_the_same_numbers_and_leaves_a_module_as_it_was(
    call: Call, folder: Path, tiny_dataset: Path
) -> None:
    table = json.loads(call("sie", "vicreg", "--json"))
    both = compare_encoders("sie", "vicreg", tiny_dataset, device="cpu")
    assert json.loads(json.dumps(both.numbers.as_dict())) == table and "linear CKA" in repr(both)
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 5, 4), torch.nn.AdaptiveAvgPool2d(2), torch.nn.Flatten()).train()
    own = compare_encoders(folder / "sie", module, tiny_dataset, names=(None, "mine"), limit=6)
    assert own.numbers.names == ("sie", "mine") and own.numbers.limit == 6 and "SMOKE RUN" in repr(own)
    assert module.training and all(parameter.requires_grad for parameter in module.parameters())
    own.save(folder / "own.png")
    assert (folder / "own.png").read_bytes()[:4] == b"\x89PNG"
