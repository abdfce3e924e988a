"""The encoder that every method trains: normalisation, then a backbone."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

from iebench.manifests.errors import InvalidValue

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
    backbone : "resnet18", "resnet50", "resnet18-vicreg" (that of the released SIE), "vit-small", or "timm:NAME"
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

    dim : size of the representation
    pieces : number of parts of a batch that are computed one after the other. With more than one, each part is computed
        again for its gradient, so that the activations of only one part are in memory (Gao et al. 2021, GradCache).
        The representations equal those of the whole batch, except that batch norms in training see only a part.
    """

    pieces = 1

    def __init__(self, settings: EncoderSettings) -> None:
        super().__init__()
        self.normalise = Normalise()
        self.backbone = backbones.build(settings.backbone, settings.width, settings.stem)
        self.dim = self.backbone.dim

    @property
    def preprocessing(self) -> str:
        """Describe the normalisation that the encoder itself applies to images."""
        mean, std = (
            [round(float(x), 4) for x in values.flatten()] for values in (self.normalise.mean, self.normalise.std)
        )
        return f"minus mean {mean}, over deviation {std}"

    def forward(self, images: Tensor, pooled: bool = True) -> Tensor:
        """(B, 3, H, W) float in [0, 1] -> (B, dim) float.

        pooled : False for the backbone's last map (B, dim, h, w), if it has `maps`
        """
        if self.pieces == 1:
            return self._represent(images, pooled)
        parts = images.chunk(self.pieces)
        return torch.cat(
            [
                checkpoint(self._represent, part, pooled, use_reentrant=False, context_fn=self._contexts)
                for part in parts
            ]
        )

    def _represent(self, images: Tensor, pooled: bool) -> Tensor:
        inputs = self.normalise(images)
        representation: Tensor = self.backbone(inputs) if pooled else self.backbone(inputs, pooled=False)
        return representation

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
