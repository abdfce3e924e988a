"""`open_clip:NAME` with a stand-in that has open_clip's interface, and with the installed package if it imports."""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from zoos import package

from iebench.benchmark.encoders.prepared import prepare
from iebench.benchmark.encoders.registry import load
from iebench.benchmark.errors import EncoderError, UnknownName

CPU = torch.device("cpu")


class Captioner(nn.Module):
    """An image encoder that returns tokens beside the embedding, as of CoCa."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(12, 6))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        return self.body(images), images


def stand_in() -> ModuleType:
    """open_clip with two models, whose weights cannot be downloaded; files of weights are loaded."""

    def create_model(name: str, pretrained: str | None = None, scale: float = 1.0) -> Any:
        visual = Captioner() if name == "coca" else Captioner().body
        if pretrained is not None and not Path(pretrained).is_file():
            raise RuntimeError("Failed to download weights\nand more lines")
        if pretrained is not None:
            visual.load_state_dict(torch.load(pretrained, weights_only=False))
        return SimpleNamespace(visual=visual, transformer=nn.Linear(1000, 1000))

    module: Any = ModuleType("open_clip")
    module.create_model, module.list_models = create_model, lambda: ["RN", "coca"]
    module.list_pretrained_tags_by_model = lambda name: ["laion", "openai"]
    module.get_model_preprocess_cfg = lambda model: {
        "size": (48, 48), "mean": (0.5, 0.5, 0.5), "std": (0.25, 0.25, 0.25), "interpolation": "bicubic",
    }  # fmt: skip
    return module  # type: ignore[no-any-return]


@pytest.fixture
def their(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "open_clip", stand_in())


@pytest.mark.parametrize("name", ["RN", "coca"])
def test_the_image_encoder_comes_with_its_size_and_normalisation(name: str, their: None) -> None:
    loaded = load(f"open_clip:{name}", {"pretrained": "none"})
    assert loaded.name == f"open_clip.{name}-pretrained=none" and loaded.side(256) == 48
    assert loaded.preprocessing.startswith("resized to 48 (bicubic, antialiased), minus mean [0.5, 0.5, 0.5], over")
    encoder = prepare(loaded, 32, CPU)
    assert (encoder.dim, encoder.cost.parameters) == (6, 12 * 6 + 6)  # without the text encoder


def test_a_checkpoint_file_gives_its_features_and_runs_nothing(their: None, tmp_path: Path) -> None:
    body, file = Captioner().body, tmp_path / "weights.pt"
    torch.save(body.state_dict(), file)
    images = torch.rand(2, 3, 48, 48)
    torch.testing.assert_close(
        load("open_clip:RN", {"pretrained": str(file)}).module(images), body((images - 0.5) / 0.25)
    )
    torch.save({"0.weight": print}, file)  # a pickle that names a function
    with pytest.raises(EncoderError, match="cannot be loaded"):
        load("open_clip:RN", {"pretrained": str(file)})


@pytest.mark.parametrize(
    ("spec", "arguments", "error", "message"),
    [
        ("cocoa", {}, UnknownName, r"unknown open_clip model 'cocoa'; did you mean coca\?"),
        (
            "RN",
            {},
            EncoderError,
            "has no default weights: choose with --encoder-arg pretrained=, one of laion, openai, a",
        ),
        ("RN", {"pretrained": "laionn"}, UnknownName, r"unknown weights of RN 'laionn'; did you mean laion\?"),
        ("RN", {"pretrained": "laion"}, EncoderError, r"cannot be loaded \(.*\): fetch its weights first, or"),
        ("RN", {"pretrained": "none", "depth": 2}, EncoderError, "takes no --encoder-arg depth: leave it out"),
    ],
)
def test_what_cannot_be_loaded_is_said(
    spec: str, arguments: dict[str, Any], error: type[Exception], message: str, their: None
) -> None:
    with pytest.raises(error, match=message) as info:
        load(f"open_clip:{spec}", arguments)
    assert "\n" not in str(info.value)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "dim"), [("ViT-S-32-alt", 256)])
def test_the_installed_package_answers_as_its_own_model(name: str, dim: int) -> None:
    open_clip = package("open_clip")
    torch.manual_seed(0)
    own = open_clip.create_model(name).eval()
    wants = open_clip.get_model_preprocess_cfg(own)
    torch.manual_seed(0)
    encoder = prepare(load(f"open_clip:{name}", {"pretrained": "none"}), 64, CPU)
    pixels = torch.rand(2, 3, 224, 224)
    normal = (pixels - torch.tensor(wants["mean"]).view(3, 1, 1)) / torch.tensor(wants["std"]).view(3, 1, 1)
    with torch.no_grad():
        torch.testing.assert_close(encoder.module(pixels), own.encode_image(normal), rtol=1e-4, atol=1e-4)
    assert encoder.dim == dim
