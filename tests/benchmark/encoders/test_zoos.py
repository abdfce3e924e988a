"""`timm:NAME` and `torchvision:NAME` with the installed packages and random weights, if they can be imported."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from zoos import package

from iebench.benchmark.encoders.prepared import prepare
from iebench.benchmark.encoders.registry import load
from iebench.benchmark.errors import EncoderError, UnknownName

CPU = torch.device("cpu")
pytestmark = pytest.mark.filterwarnings("ignore")  # the packages give warnings of their own


def images(side: int) -> Tensor:
    return torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(1))


def normalised(pixels: Tensor, mean: Any, std: Any) -> Tensor:
    mean, std = (torch.as_tensor(values).view(3, 1, 1) for values in (mean, std))
    return (pixels - mean) / std


@pytest.mark.parametrize(("name", "dim"), [
    ("resnet18", 512), ("vit_tiny_patch16_224", 192), ("mobilenetv3_small_100", 1024), ("tf_efficientnetv2_b0", 1280),
])  # fmt: skip
def test_timm_answers_as_its_own_model(name: str, dim: int) -> None:
    timm = package("timm")
    torch.manual_seed(0)
    own = timm.create_model(name, num_classes=0).eval()
    wants = timm.data.resolve_model_data_config(own)
    torch.manual_seed(0)
    encoder = prepare(load(f"timm:{name}", {"pretrained": False}), 64, CPU)
    pixels = images(wants["input_size"][-1])
    with torch.no_grad():
        torch.testing.assert_close(encoder.module(pixels), own(normalised(pixels, wants["mean"], wants["std"])))
    assert encoder.dim == dim


@pytest.mark.parametrize("name", ["resnet18", "vit_tiny_patch16_224", "mobilenetv3_small_100", "levit_128s"])
def test_a_checkpoint_of_timms_gives_its_features(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    own = package("timm").create_model(name).eval()
    torch.save({"state_dict": own.state_dict()}, tmp_path / "m.pth.tar")
    loaded = load(f"timm:{name}", {"checkpoint_path": str(tmp_path / "m.pth.tar")})
    own.reset_classifier(0)
    with torch.no_grad():
        pixels = images(224)
        seen = normalised(pixels, loaded.module.mean, loaded.module.std)
        torch.testing.assert_close(loaded.module.eval()(pixels), own(seen))


@pytest.mark.parametrize(("name", "features"), [
    ("resnet18", "flatten"), ("vit_b_16", "getitem_5"), ("mobilenet_v3_small", "classifier.2"),
    ("efficientnet_b0", "flatten"), ("densenet121", "flatten"),
])  # fmt: skip
def test_torchvision_answers_as_the_layer_before_its_classifier(name: str, features: str) -> None:
    models, extraction = package("torchvision").models, package("torchvision.models.feature_extraction")
    torch.manual_seed(0)
    own = extraction.create_feature_extractor(models.get_model(name, weights=None).eval(), [features])
    torch.manual_seed(0)
    encoder = prepare(load(f"torchvision:{name}", {"weights": "none"}), 64, CPU)
    pixels = images(224)
    seen = normalised(pixels, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    with torch.no_grad():
        torch.testing.assert_close(encoder.module(pixels), own(seen)[features])


def test_their_resize_and_normalisation_are_kept() -> None:
    package("torchvision")
    entries = package("torchvision").models.get_model_weights("resnet50")
    wants = entries["IMAGENET1K_V2"].transforms()
    assert wants.crop_size == [224] and wants.interpolation.value == "bilinear"  # as `load` reads them


@pytest.mark.parametrize(("spec", "arguments", "error", "message"), [
    ("timm:resnet18x", {}, UnknownName, "unknown timm model 'resnet18x'; did you mean resnet18"),
    ("timm:resnet18", {"colour": 1, "pretrained": False}, EncoderError, "takes no --encoder-arg colour: leave it out"),
    ("timm:resnet18", {"checkpoint_path": "gone.pt"}, EncoderError, "no such file: gone.pt"),
    ("torchvision:resnet18x", {}, UnknownName, "unknown torchvision model 'resnet18x'; did you mean resnet18"),
    ("torchvision:resnet50", {"weights": "V2"}, UnknownName, "unknown weights of resnet50 'V2'.*IMAGENET1K_V2"),
    ("torchvision:squeezenet1_1", {"weights": "none"}, EncoderError, "no linear classifier to leave out"),
])  # fmt: skip
def test_what_they_refuse_is_one_sentence(
    spec: str, arguments: dict[str, object], error: type[Exception], message: str
) -> None:
    package(spec.partition(":")[0])
    with pytest.raises(error, match=message) as caught:
        load(spec, arguments)
    assert "\n" not in str(caught.value)
