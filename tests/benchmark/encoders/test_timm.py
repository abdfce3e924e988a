"""`timm:NAME` with a stand-in that has timm's interface."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import stand_ins
import torch

from iebench.benchmark.encoders.prepared import prepare
from iebench.benchmark.encoders.registry import load
from iebench.benchmark.errors import EncoderError, UnknownName


@pytest.fixture(autouse=True)
def timm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", stand_ins.timm())


def test_a_model_comes_with_its_size_and_normalisation_and_without_its_classifier() -> None:
    loaded = load("timm:tiny_vit", {"pretrained": False})
    assert loaded.name == "timm.tiny_vit-pretrained=False" and loaded.side(256) == 48 and loaded.side(32) == 32
    assert loaded.preprocessing.startswith("resized to 48 (bicubic, antialiased), minus mean [0.5, 0.5, 0.5], over")
    encoder = prepare(loaded, 32, torch.device("cpu"))
    assert encoder.dim == 6 and encoder.preprocessing == loaded.preprocessing and encoder.parts == {}


def test_arguments_go_to_its_builder() -> None:
    whole, half = (load("timm:tiny_vit", {"pretrained": False, "scale": scale}).module.eval() for scale in (1.0, 0.5))
    images = torch.rand(2, 3, 48, 48)
    torch.testing.assert_close(whole(images) * 0.5, half(images))


def test_a_checkpoint_may_have_a_classifier(tmp_path: Path) -> None:
    whole = stand_ins.Classifier("fc", 1000, 1.0).eval()
    state, file = whole.state_dict(), tmp_path / "m.pth"
    torch.save(state, file)
    images = torch.rand(2, 3, 48, 48)
    loaded = load("timm:tiny_vit", {"checkpoint_path": str(file)}).module.eval()
    torch.testing.assert_close(loaded(images), whole.body((images - 0.5) / 0.25))
    lost = state.pop("body.2.bias")
    for change, message in (
        ({}, "lacks 1 weights such as body.2.bias: give the checkpoint of this model"),
        ({"body.2.bias": lost, "more": lost}, "has, beyond the model, 1 weights such as more"),
        ({"body.2.bias": lost[:2]}, r"does not fit this model \(body.2.bias is \(2,\), not \(6,\)\)"),
    ):
        torch.save({**state, **change}, file)
        with pytest.raises(EncoderError, match=rf"m\.pth {message}"):
            load("timm:tiny_vit", {"checkpoint_path": str(file)})
    file.write_bytes(b"none")
    with pytest.raises(EncoderError, match=r"m\.pth \(it is not a checkpoint that timm reads\)"):
        load("timm:tiny_vit", {"checkpoint_path": str(file)})
    with pytest.raises(EncoderError, match=r"no such file: gone\.pth"):
        load("timm:tiny_vit", {"checkpoint_path": "gone.pth"})


@pytest.mark.parametrize(("spec", "arguments", "error", "message"), [
    ("timm:tiny_vot", {}, UnknownName, "unknown timm model 'tiny_vot'; did you mean tiny_vit?"),
    ("timm:tiny_vit", {}, EncoderError, r"cannot be loaded \(its package refuses it\): fetch its weights first, or"),
    ("timm:tiny_vit", {"pretrained": False, "colour": 1}, EncoderError, "--encoder-arg colour: leave it out"),
])  # fmt: skip
def test_what_is_refused(spec: str, arguments: dict[str, object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        load(spec, arguments)


def test_a_checkpoint_that_is_a_pickle_runs_nothing(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
            return os.mkdir, (str(tmp_path / "mark"),)

    torch.save({"body.0.weight": Bomb()}, tmp_path / "m.pth")
    with pytest.raises(EncoderError, match=r"m\.pth \(it is not a checkpoint that timm reads\)"):
        load("timm:tiny_vit", {"checkpoint_path": str(tmp_path / "m.pth")})
    assert not (tmp_path / "mark").exists()
