"""The encoder that every method trains: normalisation, then a backbone."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

from iebench.manifests.errors import InvalidValue

from ..errors import SettingError
from . import backbone as backbones
from .backbone import Stem

# Statistics of 3DIEBench's published images in [0, 1], in the channel order of its files, blue first. Only released
# weights depend on the order: `iebench convert` swaps their channels. A network trained here learns with any scale.
MEAN = (0.5016, 0.5037, 0.5060)
STD = (0.1030, 0.0999, 0.0969)


@dataclass(frozen=True)
class EncoderSettings:
    """Settings of the encoder: the backbone and its size.

    width : channels relative to the standard; a ResNet-18's representation has 512 * width dimensions
    stem : "imagenet" (total stride 4), "small" (stride 2, for images of 64 pixels or less) or "cifar" (stride 1)
    backbone : "resnet18", "resnet50", "resnet18-vicreg" (that of the released SIE), "resnet18-c4" (group convolutions
        over quarter turns), "vit-small", or "timm:NAME"
    """

    width: float = 1.0
    stem: Stem = "imagenet"
    backbone: str = "resnet18"

    def __post_init__(self) -> None:
        if self.width <= 0 or self.width * 64 != round(self.width * 64):
            raise InvalidValue(f"width must be a positive multiple of 1/64, not {self.width}")
        backbones.check(self.backbone)


class Normalise(nn.Module):
    """Normalises images in [0, 1] to zero mean and unit variance per channel; the weights include the constants."""

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(MEAN).view(3, 1, 1))
        self.register_buffer("std", torch.tensor(STD).view(3, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) float in [0, 1] -> (B, 3, H, W) float."""
        return (images - self.mean) / self.std


class Encoder(nn.Module):
    """Images to representations.

    dim : size of the representation; name : name of the backbone
    pieces : number of parts of a batch that are computed one after the other. With more than one, each part is computed
        again for its gradient, so that the activations of only one part are in memory (Gao et al. 2021, GradCache).
        The representations equal those of the whole batch, except that batch norms in training see only a part.
    """

    pieces = 1

    def __init__(self, settings: EncoderSettings) -> None:
        super().__init__()
        self.normalise = Normalise()
        self.backbone = backbones.build(settings.backbone, settings.width, settings.stem)
        self.dim, self.name = self.backbone.dim, settings.backbone

    @property
    def preprocessing(self) -> str:
        """Describe the normalisation that the encoder itself applies to images."""
        mean, std = (
            [round(float(x), 4) for x in values.flatten()] for values in (self.normalise.mean, self.normalise.std)
        )
        return f"minus mean {mean}, over deviation {std}"

    def forward(self, images: Tensor, stages: tuple[int, ...] = ()) -> Tensor | tuple[Tensor, ...]:
        """(B, 3, H, W) float in [0, 1] -> (B, dim) float; with stages, the tuple of `with_maps`."""
        outputs = self._by_pieces(images, stages)
        return outputs if stages else outputs[0]

    def with_maps(self, images: Tensor, stages: tuple[int, ...]) -> tuple[Tensor, ...]:
        """Return representations and, beside them, the maps after some stages of the backbone.

        images : (B, 3, H, W) float in [0, 1]
        stages : numbers of the stages, counted from 1; `last_stage` is that of the last map
        returns : (B, dim), then a (B, C, h, w) for each stage; C is the stage's entry of `backbone.channels`

        Raises
        ------
        SettingError : the backbone gives no maps, or has no such stage.
        """
        for stage in stages:
            self.check_stage(stage)
        outputs: tuple[Tensor, ...] = self(images, stages)  # a call, so that hooks see the representation
        return outputs

    @property
    def last_stage(self) -> int:
        """Number of the backbone's last stage.

        Raises
        ------
        SettingError : the backbone gives no maps.
        """
        self.check_stage(1)
        return len(self.backbone.channels)

    def check_stage(self, stage: int) -> None:
        """Check that the backbone gives a map after this stage.

        Raises
        ------
        SettingError : it gives no maps, or has no such stage.
        """
        count = len(self.backbone.channels)
        if not count:
            raise SettingError(
                f"encoder.backbone={self.name} gives no maps, which this method reads: choose a ResNet such as "
                "resnet18, vit-small, or a model of timm that has forward_intermediates"
            )
        if not 1 <= stage <= count:
            raise SettingError(f"encoder.backbone={self.name} has the stages 1 to {count}, and no stage {stage}")

    def _by_pieces(self, images: Tensor, stages: tuple[int, ...]) -> tuple[Tensor, ...]:
        if self.pieces == 1:
            return self._represent(images, stages)
        parts = [
            checkpoint(self._represent, part, stages, use_reentrant=False, context_fn=self._contexts)
            for part in images.chunk(self.pieces)
        ]
        return tuple(torch.cat(pieces) for pieces in zip(*parts, strict=True))

    def _represent(self, images: Tensor, stages: tuple[int, ...]) -> tuple[Tensor, ...]:
        inputs = self.normalise(images)
        if not stages:
            return (self.backbone(inputs),)
        outputs: tuple[Tensor, ...] = self.backbone(inputs, stages)
        return outputs

    def _contexts(self) -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
        """Return the contexts of a part's first computation and of its recomputation for the gradient."""
        return nullcontext(), _statistics_kept(self)


@contextmanager
def _statistics_kept(module: nn.Module) -> Iterator[None]:
    """Freeze the running statistics of a module's batch norms, whose outputs stay the same."""
    norms = [norm for norm in module.modules() if isinstance(norm, _BatchNorm)]
    before = [(norm.momentum, norm.num_batches_tracked) for norm in norms]
    for norm, (_, count) in zip(norms, before, strict=True):
        norm.momentum, norm.num_batches_tracked = 0.0, None if count is None else count.clone()
    try:
        yield
    finally:
        for norm, (momentum, count) in zip(norms, before, strict=True):
            norm.momentum, norm.num_batches_tracked = momentum, count
