"""Preprocessing of pretrained models, on the device, with a description for the score file."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

import torch
from torch import Tensor, nn

from iebench.manifests.common.causes import refusal
from iebench.manifests.installed.parts import EXTRA_OF

from ..errors import EncoderError, MissingPart
from .maps.reader import MapReader
from .registry import Arguments

RGB = [0, 1, 2]


class Preprocessed(nn.Module):
    """A model behind its resize and normalisation; the whole image is kept, without a crop.

    Objects of this benchmark fill their images, and a centre crop would remove information about the pose.

    size : side of the model's images in pixels; None for images of any side, which are not resized
    mean, std : per channel in the model's order, for images in [0, 1]
    interpolation : "bilinear" or "bicubic", with antialiasing
    order : index of red, green or blue for each channel of the model's input
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self, model: nn.Module, size: int | None, mean: Sequence[float], std: Sequence[float],
        interpolation: str = "bicubic", order: Sequence[int] = RGB,
    ) -> None:  # fmt: skip
        super().__init__()
        self.order = list(order)
        self.model, self.size = model, size
        self.interpolation = interpolation if interpolation in ("bilinear", "bicubic") else "bicubic"
        self.register_buffer("mean", torch.tensor([float(x) for x in mean]).view(3, 1, 1))
        self.register_buffer("std", torch.tensor([float(x) for x in std]).view(3, 1, 1))

    @property
    def preprocessing(self) -> str:
        """Describe the preprocessing."""
        mean, std = ([round(float(x), 4) for x in values.flatten()] for values in (self.mean, self.std))
        swapped = ", channels as " + "".join("RGB"[c] for c in self.order) if self.order != RGB else ""
        resized = f"resized to {self.size} ({self.interpolation}, antialiased)" if self.size else "not resized"
        return f"{resized}{swapped}, minus mean {mean}, over deviation {std}"

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, 3, H, W) float in [0, 1] to (B, D)."""
        output: Tensor = self.model(self.prepared(images))
        return output

    def prepared(self, images: Tensor) -> Tensor:
        """Return images as the model takes them: (B, 3, H, W) float in [0, 1] -> (B, 3, size, size) normalised."""
        if self.size is not None and images.shape[-2:] != (self.size, self.size):
            images = nn.functional.interpolate(
                images, (self.size, self.size), mode=self.interpolation, align_corners=False, antialias=True
            ).clamp(0, 1)  # bicubic overshoots
        if self.order != RGB:
            images = images[:, self.order]
        return (images - self.mean) / self.std


@dataclass(frozen=True)
class PreparedMaps:
    """Reader of the maps of a model behind its preprocessing.

    model : reader of the model's maps, for normalised images
    """

    module: Preprocessed
    model: MapReader

    @property
    def stages(self) -> int:
        """Return the number of the model's stages."""
        return self.model.stages

    def read(self, images: Tensor, stages: tuple[int, ...]) -> Sequence[Tensor]:
        """Return the model's maps of images (B, 3, H, W) float in [0, 1]."""
        return self.model.read(self.module.prepared(images), stages)


def package(name: str, spec: str) -> ModuleType:
    """Import an optional package.

    Raises
    ------
    MissingPart : it cannot be imported; gives the reason and the package to install.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name == name:
            raise MissingPart(f"{spec} needs {name}: pip install 'iebench[{EXTRA_OF[name]}]'") from None
        raise MissingPart(f"{spec} needs {name}, which lacks {error.name}: install it again") from None
    except Exception as error:  # torchvision has its own errors beside a torch of another build
        raise MissingPart(
            f"{spec} needs {name}, which cannot be imported beside this torch: install builds of torch and "
            "torchvision that belong together"
        ) from error


@contextmanager
def silence() -> Iterator[None]:
    """Silence logs about weights that a package cannot load; our own message explains it."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def unfetched(spec: str, error: Exception, remedy: str, arguments: Arguments) -> EncoderError:
    """Return the error for a model that its package could not build, or whose weights could not be loaded.

    arguments : the user's arguments; if the package refuses one, the message names it
    """
    refused = [name for name in arguments if isinstance(error, TypeError) and repr(name) in str(error)]
    if refused:
        return EncoderError(f"--encoder {spec} takes no --encoder-arg {refused[0]}: leave it out")
    return EncoderError(f"--encoder {spec} cannot be loaded ({refusal(error, 'its package refuses it')}): {remedy}")
