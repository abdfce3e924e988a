"""`hub:FOLDER:ENTRY` with folders as torch.hub reads them: outputs and maps are the model's, faults are said."""

from pathlib import Path
from typing import Any

import pytest
import torch

from iebench.benchmark.encoders.prepared import prepare
from iebench.benchmark.encoders.registry import load
from iebench.benchmark.errors import EncoderError, IebenchError

CPU = torch.device("cpu")
MEAN, STD = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1), torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
HUBCONF = """
dependencies = ["torch"]
from beside import Patches as _Patches

def patches(pretrained=True, width=4):
    if pretrained:
        raise OSError("no network\\nat all")
    return _Patches(width)

def number():
    return 3

def ending():
    raise SystemExit(2)
"""
BESIDE = """
import torch
from torch import nn

class Patches(nn.Module):
    '''A transformer's interface without attention: a linear map of patches, and two linear blocks.'''

    def __init__(self, width):
        super().__init__()
        self.patch = nn.Conv2d(3, width, 8, 8)
        self.blocks = nn.ModuleList([nn.Linear(width, width), nn.Linear(width, width)])

    def forward(self, images):
        return self.get_intermediate_layers(images, [1])[0].mean(1)

    def get_intermediate_layers(self, images, n, reshape=False):
        size, tokens, outputs = images.shape[2] // 8, self.patch(images).flatten(2).mT, []
        for number, block in enumerate(self.blocks):
            tokens = block(tokens)
            if number in n:
                outputs.append(tokens)
        shaped = [output.mT.unflatten(2, (size, size)) for output in outputs]
        return tuple(shaped if reshape else outputs)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    where = tmp_path / "repository"
    where.mkdir()
    (where / "hubconf.py").write_text(HUBCONF)
    (where / "beside.py").write_text(BESIDE)
    monkeypatch.syspath_prepend(str(tmp_path))  # which restores sys.path and forgets modules imported since
    return where


def test_outputs_and_maps_are_those_of_the_model_on_prepared_images(folder: Path) -> None:
    loaded = load(f"hub:{folder}:patches", {"pretrained": False, "size": 32, "width": 6}, trust=True)
    assert loaded.name == "repository.patches-pretrained=False,size=32,width=6".replace(",", "-")
    assert (
        loaded.preprocessing.startswith("resized to 32") and "minus mean [0.485, 0.456, 0.406]" in loaded.preprocessing
    )
    encoder, images = prepare(loaded, 32, CPU), torch.rand(2, 3, 32, 32)
    model: Any = loaded.module.model  # type: ignore[union-attr]
    with torch.no_grad():
        expected = model((images - MEAN) / STD)
    assert encoder.dim == 6 and encoder.map_stages == 2
    torch.testing.assert_close(encoder.module(images), expected)
    first, last = encoder.maps(images, (1, 2))
    assert first.shape == last.shape == (2, 6, 4, 4)
    torch.testing.assert_close(last.mean((2, 3)), expected)


def test_the_usual_images_are_of_224_pixels(folder: Path) -> None:
    loaded = load(f"hub:{folder}:patches", {"pretrained": False}, trust=True)
    assert loaded.preprocessing.startswith("resized to 224") and loaded.side(64) == 64


@pytest.mark.parametrize(
    ("entry", "arguments", "message"),
    [
        ("patchs", {}, r"unknown entry point of .*hubconf.py 'patchs'; did you mean patches\?"),
        ("patches", {}, r"cannot be loaded \(.*\): fetch its weights first, or try --encoder-arg pretrained=false"),
        ("patches", {"depth": 2}, "takes no --encoder-arg depth: leave it out"),
        ("patches", {"pretrained": False, "mean": 3}, r"give three numbers, as in mean="),
        ("number", {}, "returned int: name an entry point of a model"),
        ("ending", {}, "ends the program"),
    ],
)
def test_what_cannot_be_loaded_is_said(folder: Path, entry: str, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(IebenchError, match=message) as info:
        load(f"hub:{folder}:{entry}", arguments, trust=True)
    assert "\n" not in str(info.value)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import nowhere", "imports nowhere, which is not installed: install it"),
        ("dependencies = ['torch', 'nowhere']", "needs nowhere, which is not installed: install it"),
        ("1 / 0", "cannot be imported .*: mend it"),
        ("raise SystemExit", "ends the program when it is imported: mend it"),
    ],
)
def test_a_broken_folder_is_said(folder: Path, code: str, message: str) -> None:
    (folder / "hubconf.py").write_text(code)
    with pytest.raises(IebenchError, match=message):
        load(f"hub:{folder}:patches", {}, trust=True)


def test_its_code_runs_only_when_trusted_and_only_where_there_is_one(folder: Path) -> None:
    with pytest.raises(EncoderError, match=r"hubconf.py is code of its author and runs here: give --trust"):
        load(f"hub:{folder}:patches", {})
    for spec in (f"hub:{folder.parent}:patches", f"hub:{folder}", "hub:patches"):
        with pytest.raises(EncoderError, match=r"write hub:FOLDER:ENTRY, with a FOLDER that holds hubconf.py"):
            load(spec, {}, trust=True)
