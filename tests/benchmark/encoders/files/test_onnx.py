"""ONNX files as encoders: outputs are those of the network in torch; what cannot serve is refused in a sentence."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from onnx_models import network, save

from iebench.benchmark.encoders.prepared import prepare
from iebench.benchmark.encoders.registry import load
from iebench.benchmark.errors import EncoderError

pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
onnx = pytest.importorskip("onnx", reason="the package onnx, which writes the models, is not installed")
CPU = torch.device("cpu")


def expected(weights: Any, images: torch.Tensor) -> torch.Tensor:
    weight, bias = map(torch.from_numpy, weights)
    return torch.nn.functional.conv2d(images, weight, bias, stride=2).mean((2, 3))


@pytest.mark.parametrize(
    ("shape", "pooled"),
    [(("n", 3, "h", "w"), True), (("n", 3, 24, 24), False), ((1, 3, 24, 24), True), (("n", 24, 24, 3), True)],
)
def test_outputs_are_those_of_the_network(shape: tuple[Any, ...], pooled: bool, tmp_path: Path) -> None:
    weights = network(tmp_path / "net.onnx", shape, pooled)
    encoder = prepare(load(str(tmp_path / "net.onnx"), {}), 24, CPU)
    images = torch.rand(5, 3, 24, 24)
    torch.testing.assert_close(encoder.module(images), expected(weights, images), rtol=1e-5, atol=1e-5)
    assert (encoder.name, encoder.dim, encoder.cost.parameters) == ("net", 4, None)
    assert "output features" in encoder.preprocessing or "output maps" in encoder.preprocessing


def test_declared_preprocessing_is_applied_and_described(tmp_path: Path) -> None:
    weights = network(tmp_path / "net.onnx", ("n", 3, 24, 24))
    wants = {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.2, 0.1], "order": "bgr"}
    loaded = load(str(tmp_path / "net.onnx"), wants)
    images = torch.rand(5, 3, 24, 24)
    turned = (images[:, [2, 1, 0]] - torch.tensor(wants["mean"])[:, None, None]) / torch.tensor(wants["std"])[
        :, None, None
    ]
    torch.testing.assert_close(loaded.module(images), expected(weights, turned), rtol=1e-5, atol=1e-5)
    words = "resized to 24 (bilinear, antialiased), channels as BGR, minus mean [0.5, 0.4, 0.3], over deviation"
    assert loaded.preprocessing.startswith(words) and loaded.side(64) == 24 and loaded.side(16) == 16
    assert loaded.module(torch.rand(2, 3, 96, 96)).shape == (2, 4)  # resized to the side that the model takes


def test_other_weights_are_another_encoder(tmp_path: Path) -> None:
    for seed in (0, 1):
        network(tmp_path / f"{seed}.onnx", seed=seed)
    first, other, again = (prepare(load(str(tmp_path / f"{n}.onnx"), {}), 24, CPU) for n in (0, 1, 0))
    assert first.weights == again.weights != other.weights


def test_one_of_several_outputs_is_chosen(tmp_path: Path) -> None:
    nodes = [
        onnx.helper.make_node("GlobalAveragePool", ["image"], ["mean"]),
        onnx.helper.make_node("Flatten", ["mean"], ["features"]),
        onnx.helper.make_node("Neg", ["features"], ["logits"]),
    ]
    path = tmp_path / "two.onnx"
    save(path, nodes, [("image", ("n", 3, 8, 8))], [("features", ("n", 3)), ("logits", ("n", 3))], {})
    words = (
        r"has several outputs \(features \(\?, 3\), logits \(\?, 3\)\): choose one with --encoder-arg output=features"
    )
    with pytest.raises(EncoderError, match=words):
        load(str(path), {})
    images = torch.rand(2, 3, 8, 8)
    torch.testing.assert_close(load(str(path), {"output": "logits"}).module(images), -images.mean((2, 3)))
    with pytest.raises(EncoderError, match=r"has no output 'logit' \(it has features"):
        load(str(path), {"output": "logit"})


def test_tokens_need_a_pool(tmp_path: Path) -> None:
    nodes = [
        onnx.helper.make_node("Reshape", ["image", "shape"], ["flat"]),
        onnx.helper.make_node("Transpose", ["flat"], ["tokens"], perm=[0, 2, 1]),
    ]
    path, shape = tmp_path / "tokens.onnx", np.array([0, 3, -1])
    save(path, nodes, [("image", ("n", 3, 8, 8))], [("tokens", ("n", 64, 3))], {"shape": shape})
    images = torch.rand(2, 3, 8, 8)
    with pytest.raises(
        EncoderError, match=r"returns tokens \(2, 64, 3\): choose with --encoder-arg pool=mean or pool=cls"
    ):
        load(str(path), {}).module(images)
    torch.testing.assert_close(load(str(path), {"pool": "mean"}).module(images), images.mean((2, 3)))
    torch.testing.assert_close(load(str(path), {"pool": "cls"}).module(images), images[:, :, 0, 0])
    with pytest.raises(EncoderError, match="pool=max: choose from mean, cls"):
        load(str(path), {"pool": "max"})


@pytest.mark.parametrize("location", ["/etc/hostname", "../weights", "weights"])
def test_a_model_whose_weights_lie_in_other_files_is_refused(location: str, tmp_path: Path) -> None:
    network(tmp_path / "net.onnx")
    model = onnx.load(tmp_path / "net.onnx")
    weight = model.graph.initializer[0]
    weight.ClearField("raw_data")
    weight.data_location = onnx.TensorProto.EXTERNAL
    entry = weight.external_data.add()
    entry.key, entry.value = "location", location
    (tmp_path / "net.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(EncoderError, match=r"net\.onnx keeps weights in other files: save it as one file"):
        load(str(tmp_path / "net.onnx"), {})


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ([("image", ("n", 3))], r"takes image \(\?, 3\), and no images: export a module that takes float32 images"),
        ([("image", ("n", 1, 8, 8))], r"takes image \(\?, 1, 8, 8\), and no images"),
        ([("image", (4, 3, 8, 8))], "takes batches of 4 images only: export it with a dynamic batch"),
        ([("image", ("n", 3, 8, 16))], "takes images of 8 x 16 pixels, which are not squares"),
        (
            [("image", ("n", 3, 8, 8)), ("more", ("n", 3))],
            r"takes image \(\?, 3, 8, 8\), more \(\?, 3\), and no images",
        ),
    ],
)
def test_a_model_that_takes_no_images_is_refused(inputs: Any, words: str, tmp_path: Path) -> None:
    nodes = [onnx.helper.make_node("Identity", ["image"], ["features"])]
    save(tmp_path / "net.onnx", nodes, inputs, [("features", None)], {})
    with pytest.raises(EncoderError, match=words):
        load(str(tmp_path / "net.onnx"), {})


def test_another_type_of_images_is_refused(tmp_path: Path) -> None:
    nodes = [onnx.helper.make_node("Cast", ["image"], ["features"], to=1)]
    save(tmp_path / "net.onnx", nodes, [("image", ("n", 3, 8, 8))], [("features", None)], {}, kind=2)
    with pytest.raises(
        EncoderError, match=r"takes images of the type tensor\(uint8\): export a module that takes float32"
    ):
        load(str(tmp_path / "net.onnx"), {})


def test_what_is_no_model_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(EncoderError, match=r"no such file: .*none\.onnx; `torch\.onnx\.export` makes one"):
        load(f"onnx:{tmp_path / 'none.onnx'}", {})
    network(tmp_path / "net.onnx")
    whole = (tmp_path / "net.onnx").read_bytes()
    for content in (b"", b"no model", whole[: len(whole) // 2]):
        (tmp_path / "other.onnx").write_bytes(content)
        with pytest.raises(EncoderError, match="it is not an ONNX model, or one of a version or with operators"):
            load(str(tmp_path / "other.onnx"), {})
    (tmp_path / "other.onnx").write_bytes(b"\0\0\0\0ORTM" + whole)
    with pytest.raises(EncoderError, match="in ONNX Runtime's own format: give the ONNX file"):
        load(str(tmp_path / "other.onnx"), {})
    assert capfd.readouterr().err == ""


def test_a_side_that_the_model_refuses_is_named(tmp_path: Path) -> None:
    network(tmp_path / "net.onnx")
    with pytest.raises(
        EncoderError, match="fails on 2 images of 2 pixels: give another side with --encoder-arg size=224"
    ):
        load(str(tmp_path / "net.onnx"), {}).module(torch.rand(2, 3, 2, 2))
    assert load(str(tmp_path / "net.onnx"), {"size": 24}).module(torch.rand(2, 3, 2, 2)).shape == (2, 4)


@pytest.mark.parametrize(
    ("wants", "words"),
    [
        ({"means": [1, 2, 3]}, "takes no --encoder-arg means: it takes size, mean, std, order"),
        ({"mean": [1, 2]}, r"--encoder-arg mean=\[1, 2\]: give three numbers, as in mean=\[0.5,0.5,0.5\]"),
        ({"mean": [1, 2, float("nan")]}, "mean=.*: give three numbers"),
        ({"std": [1, 0, 1]}, "std=.*: give three numbers above 0"),
        ({"order": "rbg"}, "order=rbg: choose from rgb, bgr"),
        ({"size": 32}, "size=32: .* takes images of 24 pixels, so leave it out"),
        ({"size": True}, "size=True: give a whole number of pixels"),
    ],
)
def test_preprocessing_that_cannot_be_is_refused(wants: dict[str, Any], words: str, tmp_path: Path) -> None:
    network(tmp_path / "net.onnx", ("n", 3, 24, 24))
    with pytest.raises(EncoderError, match=words):
        load(str(tmp_path / "net.onnx"), wants)
