"""Bare ResNets in safetensors: outputs are those of the forward pass written out, the network is that of the shapes."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from iebench.baselines.networks.backbone import Stem
from iebench.baselines.networks.resnet import BasicBlock, Bottleneck, ResNet
from iebench.benchmark.encoders.prepared import prepare
from iebench.benchmark.encoders.registry import load
from iebench.benchmark.errors import EncoderError

MEAN, STD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
KINDS = {"basic": (BasicBlock, (1, 2, 1, 1)), "bottleneck": (Bottleneck, (1, 1, 2, 1))}


def weights_of(kind: str = "basic", stem: Stem = "imagenet") -> dict[str, Tensor]:
    torch.manual_seed(0)
    network = ResNet(*KINDS[kind], 0.125, stem)
    state = {key: torch.rand_like(value) + 0.5 if "bn" in key else value for key, value in floats(network).items()}
    return {**state, "fc.weight": torch.zeros(10, 1), "fc.bias": torch.zeros(10)}


def floats(network: ResNet) -> dict[str, Tensor]:
    return {key: value for key, value in network.state_dict().items() if value.is_floating_point()}


def restated(w: Mapping[str, Tensor], x: Tensor, stride: int, pool: bool) -> Tensor:
    """Return the forward pass of He et al. 2016, by the names of the tensors."""

    def normal(x: Tensor, name: str) -> Tensor:
        parts = ("running_mean", "running_var", "weight", "bias")
        mean, var, scale, shift = (w[f"{name}.{part}"].view(-1, 1, 1) for part in parts)
        return (x - mean) / (var + 1e-5).sqrt() * scale + shift

    def convolved(x: Tensor, name: str, stride: int) -> Tensor:
        return functional.conv2d(x, w[f"{name}.weight"], stride=stride, padding=w[f"{name}.weight"].shape[-1] // 2)

    x = normal(convolved(x, "conv1", stride), "bn1").relu()
    if pool:
        x = functional.max_pool2d(x, 3, 2, 1)
    last = 3 if "layer1.0.conv3.weight" in w else 2
    for stage in range(1, 5):
        for number in range(9):
            name = f"layer{stage}.{number}"
            if f"{name}.conv1.weight" not in w:
                break
            step, y, way = 2 if stage > 1 and number == 0 else 1, x, x
            for layer in range(1, last + 1):
                stride = step if layer == last - 1 else 1
                y = normal(convolved(y, f"{name}.conv{layer}", stride), f"{name}.bn{layer}")
                y = y.relu() if layer < last else y
            if f"{name}.downsample.0.weight" in w:
                way = normal(convolved(x, f"{name}.downsample.0", step), f"{name}.downsample.1")
            x = (y + way).relu()
    return x.mean((2, 3))


@pytest.mark.parametrize(
    ("kind", "stem", "stride"),
    [("basic", "imagenet", 2), ("bottleneck", "imagenet", 2), ("basic", "small", 2), ("basic", "cifar", 1)],
)
def test_outputs_are_those_of_the_forward_pass(kind: str, stem: Stem, stride: int, tmp_path: Path) -> None:
    weights, path = weights_of(kind, stem), tmp_path / "net.safetensors"
    save_file({f"module.encoder.{key}": value for key, value in weights.items()}, path)
    loaded = load(str(path), {"stem": stem} if stem != "imagenet" else {})
    encoder, images = prepare(loaded, 32, torch.device("cpu")), torch.rand(3, 3, 32, 32)
    normal = (images - MEAN.view(3, 1, 1)) / STD.view(3, 1, 1)
    expected = restated(weights, normal, stride, stem == "imagenet")
    torch.testing.assert_close(encoder.module(images), expected, rtol=1e-4, atol=1e-4)
    assert encoder.dim == 64 * (4 if kind == "bottleneck" else 1)
    assert encoder.preprocessing.startswith("not resized, minus mean [0.485, 0.456, 0.406], over deviation [0.229")


def test_half_floats_and_names_of_wrappers_are_taken(tmp_path: Path) -> None:
    weights = weights_of()
    save_file({key: value.half() for key, value in weights.items()}, tmp_path / "half.safetensors")
    module = load(str(tmp_path / "half.safetensors"), {}).module
    assert all(parameter.dtype == torch.float32 for parameter in module.parameters())


def test_one_of_several_networks_is_chosen(tmp_path: Path) -> None:
    weights, path = weights_of(), tmp_path / "two.safetensors"
    both = {f"student.{key}": value for key, value in weights.items()}
    save_file({**both, **{f"teacher.{key}": value + 1 for key, value in weights.items()}}, path)
    with pytest.raises(EncoderError, match="holds the ResNets prefix=student, prefix=teacher: choose one with"):
        load(str(path), {})
    first = load(str(path), {"prefix": "teacher"}).module.state_dict()["model.conv1.weight"]
    torch.testing.assert_close(first, weights["conv1.weight"] + 1)
    with pytest.raises(EncoderError, match="choose one with --encoder-arg prefix=student"):
        load(str(path), {"prefix": "pupil"})


def test_other_networks_are_refused(tmp_path: Path) -> None:
    path, weights = tmp_path / "net.safetensors", weights_of()

    def refusal(tensors: dict[str, Tensor], **arguments: object) -> str:
        save_file(tensors, path)
        with pytest.raises(EncoderError) as info:
            load(str(path), arguments)
        return str(info.value)

    assert (
        "holds no ResNet's weights (conv1.weight, layer1.0.conv1.weight, ...) but blocks.0.weight: score it"
        in refusal({"blocks.0.weight": torch.zeros(2)})
    )
    lacking = {key: value for key, value in weights.items() if key != "layer2.1.bn2.running_var"}
    assert "lacks layer2.1.bn2.running_var: give the weights of a whole ResNet" in refusal(lacking)
    assert "has, beyond a plain ResNet, layer1.0.se.weight: score it" in refusal(
        {**weights, "layer1.0.se.weight": torch.zeros(2)}
    )
    grouped = {**weights, "layer1.0.conv2.weight": torch.zeros(8, 4, 3, 3)}
    assert "layer1.0.conv2.weight is (8, 4, 3, 3), and a plain ResNet's is (8, 8, 3, 3)" in refusal(grouped)
    assert "is (8, 1, 7, 7), and a ResNet's is 7 x 7 or 3 x 3 on 3 channels" in refusal(
        {**weights, "conv1.weight": torch.zeros(8, 1, 7, 7)}
    )
    assert "was written by iebench: give its folder" in refusal({"encoder.normalise.mean": torch.zeros(3), **weights})
    wide = {**weights, "conv1.weight": torch.zeros(40_000, 3, 7, 7)}  # a network of 10 TB
    assert "bn1.weight is (8,), and a plain ResNet's is (40000,)" in refusal(wide)
    assert "is 7 x 7, so give no stem" in refusal(weights, stem="cifar")
    assert "is 3 x 3, so give --encoder-arg stem=small (stride 2) or stem=cifar" in refusal(
        weights_of("basic", "small")
    )
    assert "takes no --encoder-arg side: it takes size, mean, std, order" in refusal(weights, side=3)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(EncoderError, match=r"cannot read .* \(it is not a sound safetensors file"):
        load(str(path), {})
    with pytest.raises(
        EncoderError, match=r"no such file: .*none\.safetensors; `safetensors\.torch\.save_file` makes one"
    ):
        load(f"safetensors:{tmp_path / 'none.safetensors'}", {})
