"""Stand-ins for timm and torchvision, which do not import beside a CPU build of torch.

They have the calls that iebench uses, with the real packages' interfaces. timm 1.0: create_model, list_models,
is_model, data.resolve_model_data_config, models.load_state_dict. torchvision 0.19: models.list_models, get_model,
get_model_weights with transforms().
"""

from collections.abc import Callable
from enum import Enum
from types import ModuleType, SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn


class Classifier(nn.Module):
    """Pools, then classifies: the structure of both packages' models."""

    def __init__(self, head: str, classes: int, scale: float) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(12, 6))
        self.head_name, self.scale = head, scale
        layer = nn.Linear(6, classes) if classes else nn.Identity()
        self.pretrained_cfg = {"classifier": head}
        self.add_module(head, nn.Sequential(nn.Dropout(0.5), layer) if head == "classifier" else layer)

    def forward(self, images: Tensor) -> Tensor:
        out: Tensor = self.get_submodule(self.head_name)(self.body(images)) * self.scale
        return out


def timm() -> ModuleType:
    """timm with one model, whose weights cannot be downloaded."""

    def create_model(name: str, pretrained: bool = False, num_classes: int = 1000, scale: float = 1.0) -> nn.Module:
        if pretrained:
            raise OSError("no network\nand more lines")
        return Classifier("fc", num_classes, scale)

    config = {"input_size": (3, 48, 48), "interpolation": "bicubic", "mean": (0.5, 0.5, 0.5), "std": (0.25, 0.25, 0.25),
              "crop_pct": 0.9}  # fmt: skip
    module: Any = ModuleType("timm")
    module.create_model, module.list_models = create_model, lambda: ["tiny_vit"]
    module.is_model = lambda name: name == "tiny_vit"
    module.models = SimpleNamespace(load_state_dict=lambda path: torch.load(path, weights_only=False))
    module.data = SimpleNamespace(resolve_model_data_config=lambda model: config)
    return module  # type: ignore[no-any-return]


class Interpolation(Enum):
    """Stands for torchvision.transforms.InterpolationMode."""

    BILINEAR = "bilinear"


class TinyWeights(Enum):
    """Stands for a model's WeightsEnum; DEFAULT is a second name of the newest entry."""

    V1 = "v1"
    V2 = "v2"
    DEFAULT = "v2"

    @property
    def transforms(self) -> Callable[[], Any]:
        """Stands for torchvision.transforms._presets.ImageClassification."""
        return lambda: SimpleNamespace(
            crop_size=[40], resize_size=[44], mean=[0.4, 0.4, 0.4], std=[0.2, 0.2, 0.2],
            interpolation=Interpolation.BILINEAR,
        )  # fmt: skip


def torchvision() -> ModuleType:
    """torchvision with models that keep their classifier under different names, and one without a linear classifier."""
    heads = {"tiny_resnet": "fc", "tiny_efficientnet": "classifier", "tiny_vit": "heads"}

    def get_model(name: str, weights: TinyWeights | None = None, scale: float = 1.0) -> nn.Module:
        if name == "tiny_squeezenet":
            return nn.Sequential(nn.Conv2d(3, 4, 1))
        if weights is TinyWeights.V1:
            raise OSError("no network")
        return Classifier(heads[name], 1000, scale)

    models = SimpleNamespace(
        list_models=lambda module: [*heads, "tiny_squeezenet"], get_model=get_model,
        get_model_weights=lambda name: TinyWeights,
    )  # fmt: skip
    module: Any = ModuleType("torchvision")
    module.models = models
    return module  # type: ignore[no-any-return]
