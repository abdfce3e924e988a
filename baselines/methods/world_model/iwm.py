"""IWM: the map of one view and the action predict a slow target's map of the next (Garrido et al. 2024, on renders).

A view change takes the place of the paper's photometric changes and masks, and all positions are predicted. The map is
that of the backbone's last stage: tokens of a transformer, or the last map of a ResNet.

iebench train --method iwm --set encoder.backbone=vit-small --set encoder.stem=small
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from iebench.manifests.errors import InvalidValue

from ... import action as actions
from ...action import Latents, onto
from ...equivariant import ActionSettings
from ...losses import distance, total
from ...method import Method, method
from ...networks.encoder import Encoder
from ...networks.projector import perceptron
from ...networks.resnet import ResNet
from ...networks.target import Target, check_momentum, momentum
from ...networks.vit import HEAD, TransformerBlock, positions

GROUPS = 8  # of the group norms between convolutions


@dataclass(frozen=True, kw_only=True)
class IWMSettings(ActionSettings):
    """Defaults for renders; the paper's predictor is 18 layers of width 384 beside a ViT-B.

    predictor : "transformer" on source tokens and a mask token for every target position, or "convolution"
    conditioning : "feature" mixes the action into every mask token, "sequence" gives it a token of its own
    layers, width : of the predictor; a transformer's width is a multiple of 64, of convolutions one of 8
    momentum : initial momentum of the target network; it rises to 1 by a cosine over the steps of the run
    """

    predictor: Literal["transformer", "convolution"] = "transformer"
    conditioning: Literal["feature", "sequence"] = "feature"
    layers: int = 6
    width: int = 192
    momentum: float = 0.996

    def __post_init__(self) -> None:
        unit = HEAD if self.predictor == "transformer" else GROUPS
        if self.layers < 1 or self.width < 1 or self.width % unit:
            raise InvalidValue(
                f"a predictor of the kind {self.predictor} needs layers from 1 on and a width that is a multiple of "
                f"{unit}, not {self.layers} and {self.width}"
            )
        if self.predictor == "convolution" and self.conditioning == "sequence":
            raise InvalidValue("conditioning=sequence needs tokens: set predictor=transformer or conditioning=feature")
        check_momentum(self.momentum)


@method("iwm", IWMSettings)
class IWM(Method):
    """A predictor from map and action to map, and a slowly moving target encoder.

    parts : "tokens", the mean over positions, of a backbone whose representation is not this mean; a transformer's
        class token has no loss of its own
    """

    scheduled = True

    def __init__(self, encoder: Encoder, settings: IWMSettings) -> None:
        super().__init__(encoder)
        self.settings, self.latents = settings, actions.columns(settings.action)
        self.map_stage = encoder.last_stage
        if not isinstance(encoder.backbone, ResNet):
            self.parts = {"tokens": self.branch(self.map_stage)}
        channels, numbers = encoder.backbone.channels[-1], actions.size(settings.action)
        kind = TransformerPredictor if settings.predictor == "transformer" else ConvolutionPredictor
        self.predictor = kind(channels, numbers, settings)
        self.target = Target(encoder)

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = mean over positions and channels of (p(map^x, a) - target map^y)^2, summed over consecutive views."""
        sources = self.by_view(lambda view: self.encoder.with_maps(view, (self.map_stage,))[1], images[:, :-1])
        targets = self.by_view(self.target_map, images[:, 1:])
        steps = [onto(step, images.device) for step in actions.steps(self.settings.action, latents)]
        predicted = [self.predictor(source, step) for source, step in zip(sources, steps, strict=True)]
        return {"loss": total(distance(p, y) for p, y in zip(predicted, targets, strict=True))}

    @torch.no_grad()
    def target_map(self, images: Tensor) -> Tensor:
        """Return the target encoder's last map: (B, 3, H, W) -> (B, C, h, w)."""
        encoder = self.target.network[0]
        assert isinstance(encoder, Encoder)
        return encoder.with_maps(images, (self.map_stage,))[1]

    def after_step(self, step: int, steps: int) -> None:
        """Move the target network, as BYOL's."""
        self.target.follow(self.encoder, momentum=momentum(self.settings.momentum, step, steps))


class TransformerPredictor(nn.Module):
    """Tokens of the source and mask tokens of the target positions through a transformer: (B, C, h, w) to the same."""

    def __init__(self, channels: int, actions: int, settings: IWMSettings) -> None:
        super().__init__()
        width = settings.width
        self.tokens = nn.Linear(channels, width)
        self.mask = nn.Parameter(torch.zeros(1, 1, width))
        nn.init.normal_(self.mask, std=0.02)
        feature = settings.conditioning == "feature"
        self.mix = perceptron((width + actions, width, width, width)) if feature else None
        self.action = None if feature else nn.Linear(actions, width)
        self.blocks = nn.Sequential(*(TransformerBlock(width, width // HEAD) for _ in range(settings.layers)))
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.out = nn.Linear(width, channels)

    def forward(self, maps: Tensor, action: Tensor) -> Tensor:
        """maps (B, C, h, w), action (B, actions) -> (B, C, h, w)."""
        rows, columns = maps.shape[2:]
        grid = positions(rows, columns, self.mask.shape[2], maps.device).to(self.mask)  # (n, width)
        masks, action = (self.mask + grid).expand(len(maps), -1, -1), action.to(self.mask)
        if self.mix is not None:
            masks = self.mix(torch.cat([masks, action[:, None].expand(-1, masks.shape[1], -1)], dim=2))
        tokens = [self.tokens(maps.flatten(2).mT) + grid, masks]
        if self.action is not None:
            tokens.insert(1, self.action(action)[:, None])
        predicted = self.out(self.norm(self.blocks(torch.cat(tokens, dim=1))[:, -masks.shape[1] :]))
        return torch.unflatten(predicted.mT, 2, (rows, columns))


class ConvolutionPredictor(nn.Module):
    """Residual convolutions on the map with the action at every position: (B, C, h, w) to the same."""

    def __init__(self, channels: int, actions: int, settings: IWMSettings) -> None:
        super().__init__()
        width = settings.width
        self.enter = nn.Conv2d(channels + actions, width, 1)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.GroupNorm(GROUPS, width), nn.GELU(), nn.Conv2d(width, width, 3, padding=1))
            for _ in range(settings.layers)
        )
        self.leave = nn.Conv2d(width, channels, 1)

    def forward(self, maps: Tensor, action: Tensor) -> Tensor:
        """maps (B, C, h, w), action (B, actions) -> (B, C, h, w)."""
        spread = action.to(self.enter.weight)[:, :, None, None].expand(-1, -1, *maps.shape[2:])
        hidden = self.enter(torch.cat([maps, spread], dim=1))
        for block in self.blocks:
            hidden = hidden + block(hidden)
        predicted: Tensor = self.leave(hidden)
        return predicted
