"""Base class of methods with a capsule head on the last map of the backbone."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from iebench.manifests.errors import InvalidValue

from .gather import gather
from .losses import total
from .method import Method, Needs
from .networks.capsules import Capsules
from .networks.encoder import Encoder


class CapsuleMethod(Method):
    """Base of methods whose head reads the map before the mean; its activations and poses are parts that are scored.

    encoder : its backbone gives maps
    capsules : number K of capsules; numbers : number P of each pose
    side : positions a side of the map that the head reads; a map of another size is averaged to it

    Raises
    ------
    SettingError : the backbone gives no map.
    """

    @classmethod
    def needs(cls, settings: Any) -> Needs:
        """Return a map of several positions, unless `side` is 1: copies of one position leave nothing to route."""
        return Needs(map=min(settings.side, 2))

    def __init__(self, encoder: Encoder, capsules: int, numbers: int, side: int) -> None:
        super().__init__(encoder)
        self.map_stage = encoder.last_stage
        self.capsules, self.beside = capsules, capsules * (1 + numbers)
        ends = self.dim, self.dim + capsules, self.dim + self.beside
        self.parts = {"activations": slice(*ends[:2]), "poses": slice(*ends[1:])}
        self.capsule_projector = Capsules(encoder.backbone.channels[-1], capsules, numbers, side)

    def features(self, images: Tensor) -> Tensor:
        """Return representations, activations, which sum to 1, and poses; see `Method.features`."""
        representation, maps = self.encoder.with_maps(images, (self.map_stage,))
        return torch.cat([representation, self.capsule_projector(maps)], dim=1)

    def activations_and_poses(self, images: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Return the activations, K of (B, capsules), and the flat poses, K of (B, capsules * numbers), of the views.

        images : (B, K, 3, H, W)
        """
        maps = self.by_view(lambda view: self.encoder.with_maps(view, (self.map_stage,))[1], images)
        flat = self.by_view(self.capsule_projector, torch.stack(maps, dim=1))
        parts = [view.tensor_split([self.capsules], dim=1) for view in flat]
        return [part[0] for part in parts], [part[1] for part in parts]


def spread(activations: Sequence[Tensor]) -> Tensor:
    """Sum over views of log K - H(mean activation of the batch of all ranks): 0 when all capsules are equally active.

    activations : one (B, K) for each view, whose rows sum to 1
    """
    means = [gather(view).mean(dim=0) for view in activations]
    return total(math.log(len(mean)) - torch.special.entr(mean).sum() for mean in means)


def check_capsules(capsules: int, side: int) -> None:
    """Raise InvalidValue unless there are at least two capsules, and a map."""
    if capsules < 2 or side < 1:
        raise InvalidValue(f"capsules must be at least 2 and side at least 1, not {capsules} and {side}")
