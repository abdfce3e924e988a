"""CARE's encoder, converted, gives the released network's features of images with the statistics of its training."""

import argparse
import json
from pathlib import Path

import pytest
import torch
from checkpoints import CPU, norm_shapes
from released import random_like, resnet
from torch import Tensor

from iebench.baselines.networks.resnet import resnet18, resnet50
from iebench.benchmark.encoders.prepared import prepare
from iebench.benchmark.encoders.registry import load
from iebench.benchmark.errors import ConversionError
from iebench.benchmark.released import converted
from iebench.benchmark.released.file import read
from iebench.benchmark.released.heads import Unseen
from iebench.benchmark.released.names import convert
from iebench.manifests.shell.cli import main

pytestmark = pytest.mark.slow
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
STAGES = {"conv1": 0, "bn1": 1, "layer1": 3, "layer2": 4, "layer3": 5, "layer4": 6}


def weights(deep: bool = False) -> dict[str, Tensor]:
    """Weights of a ResNet-18 or 50 with CIFAR's stem, by torchvision's names."""
    with torch.device("meta"):
        network = (resnet50 if deep else resnet18)(stem="cifar")
    return random_like({name: tuple(value.shape) for name, value in network.state_dict().items()})


def saved(path: Path, state: dict[str, Tensor], wrapper: str = "module.") -> Path:
    """Write a checkpoint as the repository does, with its head, settings and optimizer."""
    numbered = {f"f.{STAGES[name.split('.')[0]]}.{name.partition('.')[2]}": value for name, value in state.items()}
    head = random_like(
        {"g.0.weight": (512, 9), **norm_shapes("g.1", 512), "g.3.weight": (128, 512), "g.3.bias": (128,)}
    )
    model = {wrapper + name: v.float() if v.is_floating_point() else v for name, v in {**numbered, **head}.items()}
    moments = {"state": {0: {"exp_avg": torch.zeros(2), "step": 3}}, "param_groups": []}
    settings = argparse.Namespace(dataset_name="stl10")
    torch.save({"epoch": 3, "args": settings, "test_acc_1": 7.5, "state_dict": model, "optimizer": moments}, path)
    return path


@pytest.mark.parametrize(("deep", "wrapper"), [(False, "module."), (True, "_orig_mod.module.")])
def test_features_are_those_of_the_released_network(deep: bool, wrapper: str, tmp_path: Path) -> None:
    state = weights(deep)
    path = saved(tmp_path / "checkpoint.pth.tar", state, wrapper)
    released = convert(read(path).state, path, unseen=Unseen(images="stl10"))
    assert (released.backbone, released.stem) == ("resnet50" if deep else "resnet18", "cifar")
    assert (released.method, released.left_out) == (None, {"g": 8})
    converted.write(tmp_path / "out", released, path, negated=False)
    facts = json.loads((tmp_path / "out" / converted.FACTS).read_text())
    assert facts["resolution"] == 32 and facts["source"]["channels"] == "rgb"
    encoder = prepare(load(str(tmp_path / "out"), {}), 16, CPU)
    images = torch.rand(2, 3, 16, 16, dtype=torch.float64)
    mean, deviation = (
        torch.tensor(v).double().view(3, 1, 1) for v in ((0.4406, 0.4273, 0.3858), (0.2312, 0.2265, 0.2237))
    )
    expected = resnet((images - mean) / deviation, state)
    torch.testing.assert_close(encoder.module.double()(images), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("deep", "momentum"), [(True, False), (False, True)], ids=["simclr", "moco"])
def test_features_of_imagenet100_are_those_of_the_query_encoder(deep: bool, momentum: bool, tmp_path: Path) -> None:
    """With MoCo the file has a key encoder, a queue and its place too; neither their weights nor the head count."""
    with torch.device("meta"):
        network = (resnet50 if deep else resnet18)()
    state = random_like({name: tuple(value.shape) for name, value in network.state_dict().items()})
    head = {"fc.0.weight": (9, network.dim), "fc.0.bias": (9,), "fc.2.weight": (128, 9), "fc.2.bias": (128,)}
    model = {f"module.encoder_q.{name}": value for name, value in (state | random_like(head)).items()}
    if momentum:
        model |= {name.replace("_q", "_k", 1): value + 1 for name, value in model.items()}
        model |= {"module.queue": torch.randn(128, 5), "module.queue_ptr": torch.zeros(1, dtype=torch.int64)}
    model = {name: v.float() if v.is_floating_point() else v for name, v in model.items()}
    path = tmp_path / "checkpoint_final.pth.tar"
    torch.save({"epoch": 200, "arch": "resnet", "state_dict": model, "optimizer": {"state": {}}}, path)
    released = convert(read(path).state, path)
    assert (released.backbone, released.stem) == ("resnet50" if deep else "resnet18", "imagenet")
    assert released.left_out == {"encoder_q.fc": 4} | ({"encoder_k": len(state) + 4, "queue": 2} if momentum else {})
    converted.write(tmp_path / "out", released, path, negated=False)
    facts = json.loads((tmp_path / "out" / converted.FACTS).read_text())
    assert facts["resolution"] == 224 and facts["source"]["channels"] == "rgb"
    encoder, images = prepare(load(str(tmp_path / "out"), {}), 32, CPU), torch.rand(2, 3, 32, 32, dtype=torch.float64)
    mean, deviation = (torch.tensor(v).double().view(3, 1, 1) for v in IMAGENET)
    expected = resnet((images - mean) / deviation, state)
    torch.testing.assert_close(encoder.module.double()(images), expected, rtol=1e-5, atol=1e-5)


def test_the_images_of_its_training_are_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = saved(tmp_path / "checkpoint.pth.tar", weights()), tmp_path / "out"
    for more, code, words in (
        ([], 1, "add --trained-on with one of cifar10, cifar100, stl10"),
        (["--trained-on", "imagenet"], 2, "'imagenet' is not one of"),
        (["--trained-on", "cifar10", "--predictor", "8", "--no-predictor-relu"], 1, "has no hypernetwork"),
        (["--images", "cifar10"], 0, "resnet18 of Sharut/CARE, under state_dict; left out: g (8 tensors)"),
    ):
        with pytest.raises(SystemExit) as stop:
            main(["convert", str(path), str(out), *more])
        assert (stop.value.code or 0) == code
        assert words in "".join(capsys.readouterr())


def test_what_is_no_encoder_of_care_is_named(tmp_path: Path) -> None:
    state, path, unseen = weights(), tmp_path / "c.pth", Unseen(images="cifar100")
    with pytest.raises(
        ConversionError, match=r"c\.pth is of a backbone alone .*, and --trained-on is for CARE on CIFAR or STL"
    ):
        convert(state, path, unseen=unseen)
    path = saved(path, {name: value for name, value in state.items() if name != "layer3.1.bn1.bias"})
    with pytest.raises(ConversionError, match=r"lacks encoder\.backbone\.layer3\.1\.bn1\.bias"):
        converted.write(tmp_path / "out", convert(read(path).state, path, unseen=unseen), path, negated=False)
    path = saved(path, state | {"conv1.weight": torch.zeros(64, 3, 7, 7)})
    with pytest.raises(ConversionError, match=r"conv1\.weight is \(64, 3, 7, 7\) and should be \(64, 3, 3, 3\)"):
        converted.write(tmp_path / "out", convert(read(path).state, path, unseen=unseen), path, negated=False)
