"""Backbones by name, and timm's backbones."""

import sys
from types import SimpleNamespace

import pytest
import torch
from plugins import forget
from torch import nn

from iebench.baselines.errors import BackbonePart, MethodBroken, SettingError, UnknownName
from iebench.baselines.networks import backbone as backbones
from iebench.baselines.networks.backbone import build, names
from iebench.baselines.networks.encoder import Encoder, EncoderSettings


@pytest.mark.parametrize("name", names())
def test_every_backbone_gives_representations_of_its_size(name: str) -> None:
    encoder = Encoder(EncoderSettings(0.5, backbone=name)).eval()
    assert encoder(torch.rand(2, 3, 64, 64)).shape == (2, encoder.dim)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda width, stem: nn.Identity(), "Identity with dim None"),
        (lambda width, stem: None, "NoneType with dim None"),
    ],
)
def test_what_is_no_backbone_is_named(made: backbones.Builder, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(backbones.BACKBONES._entries, "odd", made)
    with pytest.raises(MethodBroken, match=rf"backbone odd returned {words}: return a module with its dim"):
        build("odd", 1.0, "imagenet")


def test_a_misspelt_backbone_is_refused_with_the_settings() -> None:
    with pytest.raises(UnknownName, match="unknown backbone 'resnet81'; did you mean resnet18"):
        EncoderSettings(backbone="resnet81")


def test_a_decorated_function_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    class Tiny(backbones.Backbone):
        def __init__(self, width: float) -> None:
            super().__init__()
            self.dim = round(8 * width)
            self.layer = nn.Conv2d(3, self.dim, 4)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.layer(images).mean((2, 3))

    forget(monkeypatch, backbones.BACKBONES, "tiny")
    backbones.backbone("tiny")(lambda width, stem: Tiny(width))
    assert Encoder(EncoderSettings(0.5, backbone="tiny"))(torch.rand(2, 3, 8, 8)).shape == (2, 4)


# --- timm ---------------------------------------------------------------------------------------------------


def fake_timm() -> SimpleNamespace:
    """Install a stand-in for timm with one model."""

    def create_model(name: str, pretrained: bool, num_classes: int) -> nn.Module:
        assert (name, pretrained, num_classes) == ("tiny_net", False, 0)
        model = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 7))
        model.num_features = 7  # type: ignore[assignment]
        return model

    return SimpleNamespace(list_models=lambda: ["tiny_net", "resnet18"], create_model=create_model)


def test_a_timm_model_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", fake_timm())
    encoder = Encoder(EncoderSettings(backbone="timm:tiny_net"))
    assert encoder.dim == 7 and encoder(torch.rand(2, 3, 8, 8)).shape == (2, 7)
    with pytest.raises(UnknownName, match="unknown timm model 'tinynet'; did you mean tiny_net"):
        Encoder(EncoderSettings(backbone="timm:tinynet"))
    with pytest.raises(SettingError, match="its own width and stem"):
        Encoder(EncoderSettings(0.5, backbone="timm:tiny_net"))


def test_without_timm_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)  # type: ignore[arg-type]
    with pytest.raises(
        BackbonePart, match=r"timm:vit_tiny needs timm, which cannot be imported here: .* or choose from"
    ):
        Encoder(EncoderSettings(backbone="timm:vit_tiny"))
