"""Readers of maps: each obtains the feature maps of one kind of module, beside its representation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from iebench.baselines.networks.backbone import Backbone
from iebench.baselines.networks.maps import timm_channels, timm_maps

from ...errors import EncoderError


class MapReader(Protocol):
    """Reader of the maps of a module; stages are numbered from 1, the last stage is that of the last map."""

    @property
    def stages(self) -> int:
        """Return the number of stages that have a map; 0 for none."""

    def read(self, images: Tensor, stages: tuple[int, ...]) -> Sequence[Tensor]:
        """Return the maps after some stages.

        images : (B, 3, H, W) as the module takes them
        returns : for each stage a (B, C, h, w), with C, h and w of the stage
        """


@dataclass(frozen=True)
class NoMaps:
    """Reader of a module without maps."""

    stages: int = 0

    def read(self, images: Tensor, stages: tuple[int, ...]) -> Sequence[Tensor]:
        """Return no map."""
        return ()


@dataclass(frozen=True)
class NetworkMaps:
    """Reader of a backbone of ours, or of an encoder around one.

    backbone : the backbone, which knows its stages
    network : the backbone itself, or the encoder, which normalises the images
    """

    backbone: Backbone
    network: nn.Module

    @property
    def stages(self) -> int:
        """Return the number of stages of the backbone; 0 for a backbone without maps."""
        return len(self.backbone.channels)

    def read(self, images: Tensor, stages: tuple[int, ...]) -> Sequence[Tensor]:
        """Return the backbone's maps."""
        outputs: tuple[Tensor, ...] = self.network(images, stages)
        return outputs[1:]


@dataclass(frozen=True)
class TimmMaps:
    """Reader of a model of timm, by its `feature_info`."""

    model: Any

    @property
    def stages(self) -> int:
        """Return the number of timm's stages; 0 for a model without forward_intermediates."""
        return len(timm_channels(self.model))

    def read(self, images: Tensor, stages: tuple[int, ...]) -> Sequence[Tensor]:
        """Return the maps; the last one has gone through the model's last norm."""
        return timm_maps(self.model, images, stages)[1:]


@dataclass(frozen=True)
class OwnMaps:
    """Reader of a module that brings `maps(images, stages)` and `map_stages`; see docs/guides/your-encoder.md.

    name : name of the encoder, for messages
    """

    name: str
    module: Any

    @property
    def stages(self) -> int:
        """Return the module's `map_stages`, 0 if it has no `maps`.

        Raises
        ------
        EncoderError : it has `maps`, and `map_stages` is missing or not a whole number above 0.
        """
        if not callable(getattr(self.module, "maps", None)):
            return 0
        count = getattr(self.module, "map_stages", None)
        if not isinstance(count, int) or isinstance(count, bool) or count < 1:
            raise EncoderError(
                f"encoder {self.name}: it has `maps`, so its `map_stages` must be the number of its stages, not "
                f"{count!r:.80}"
            )
        return count

    def read(self, images: Tensor, stages: tuple[int, ...]) -> Sequence[Tensor]:
        """Return the module's own maps."""
        maps: Sequence[Tensor] = self.module.maps(images, stages)
        return maps


def tokens_as_map(tokens: Tensor, rows: int, columns: int) -> Tensor:
    """Return the tokens of an image's patches as a map.

    tokens : (B, prefix + rows * columns, C); tokens in front of the patches', such as the class token, are left out
    returns : (B, C, rows, columns)

    Raises
    ------
    EncoderError : there are fewer tokens than patches.
    """
    prefix = tokens.shape[1] - rows * columns
    if prefix < 0:
        raise EncoderError(f"{tokens.shape[1]} tokens are fewer than {rows} x {columns} patches, so they are not a map")
    return torch.unflatten(tokens[:, prefix:].mT, 2, (rows, columns))
