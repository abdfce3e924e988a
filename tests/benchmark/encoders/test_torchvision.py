"""`torchvision:NAME` with a stand-in that has torchvision's interface."""

import sys

import pytest
import stand_ins
import torch

from iebench.benchmark.encoders.prepared import prepare
from iebench.benchmark.encoders.registry import load
from iebench.benchmark.errors import EncoderError, UnknownName


@pytest.fixture(autouse=True)
def torchvision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchvision", stand_ins.torchvision())


@pytest.mark.parametrize("name", ["tiny_resnet", "tiny_efficientnet", "tiny_vit"])
def test_a_model_without_its_classifier_wherever_that_is(name: str) -> None:
    loaded = load(f"torchvision:{name}", {})
    assert loaded.name == f"torchvision.{name}" and loaded.side(256) == 40 and loaded.side(32) == 32
    assert loaded.preprocessing.startswith("resized to 40 (bilinear, antialiased), minus mean [0.4, 0.4, 0.4], over")
    encoder = prepare(loaded, 32, torch.device("cpu"))
    assert encoder.dim == 6
    images = torch.rand(3, 3, 40, 40)
    body = loaded.module.get_submodule("model.body")
    torch.testing.assert_close(encoder.module(images), body((images - 0.4) / 0.2))


def test_random_weights_take_imagenets_size_and_statistics() -> None:
    loaded = load("torchvision:tiny_resnet", {"weights": "none", "scale": 2})
    assert loaded.side(256) == 224 and "[0.485, 0.456, 0.406]" in loaded.preprocessing
    assert loaded.name == "torchvision.tiny_resnet-scale=2-weights=none"


@pytest.mark.parametrize(("name", "arguments", "error", "message"), [
    ("tiny_resnat", {}, UnknownName, "unknown torchvision model 'tiny_resnat'; did you mean tiny_resnet"),
    ("tiny_resnet", {"weights": "V3"}, UnknownName, "unknown weights of tiny_resnet 'V3'"),
    ("tiny_resnet", {"weights": "V1"}, EncoderError, r"cannot be loaded \(its package .*\): fetch .* weights=none"),
    ("tiny_squeezenet", {}, EncoderError, "has no linear classifier to leave out: wrap it in a factory"),
])  # fmt: skip
def test_what_is_refused(name: str, arguments: dict[str, object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        load(f"torchvision:{name}", arguments)
