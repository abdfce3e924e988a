"""Sources of features for heads: the cache, or encoding again as in the released scripts.

The released scripts put the whole network in train mode while a head is trained. The weights are frozen, but batch
norms use the statistics of the batch and update their running statistics, which then encode val. `batch_norm = "train"`
in a protocol does the same: every head starts from a fresh copy of the encoder and encodes its views in every epoch.
"""

import copy
from typing import Protocol as Interface

import torch
from torch import Tensor, nn

from ..encoders.prepared import represent
from ..errors import ScoringError
from ..features.cache import to_float
from .context import Context, Rows, Split


class Source(Interface):
    """Source of the input features of heads."""

    shared: bool
    """True if several passes may use it at once."""

    def for_training(self, rows: Rows) -> Tensor:
        """Return features of each seed's batch of train views: rows (S, B, views) -> (S, B, views, D) on the device."""

    def for_evaluation(self, split: Split, rows: Rows) -> Tensor:
        """Return features for evaluation: rows (k, views) -> (S, k, views, D), or (1, k, views, D) for all seeds."""


class Cached:
    """Cached features; encoding again in eval mode would give the same."""

    shared = True

    def __init__(self, context: Context) -> None:
        self.context = context

    def for_training(self, rows: Rows) -> Tensor:
        return self._read(self.context.train, rows)

    def for_evaluation(self, split: Split, rows: Rows) -> Tensor:
        return self._read(split, rows)[None]

    def _read(self, split: Split, rows: Rows) -> Tensor:
        standard = self.context.standardiser(split.features[rows], slice(None))
        return torch.from_numpy(standard).to(self.context.device)


class Anew:
    """The encoder, copied for each seed, applied to the images.

    drifting : True to put the copies in train mode while heads are trained
    """

    shared = False

    def __init__(self, context: Context, drifting: bool) -> None:
        if context.encoder is None:
            raise ScoringError('batch_norm = "train" needs the encoder itself, and these are features: score the model')
        self.context, self.drifting, self.encoder = context, drifting, context.encoder
        self.copies = [copy.deepcopy(context.encoder.module) for _ in context.seeds]

    def for_training(self, rows: Rows) -> Tensor:
        pairs = zip(self.copies, rows, strict=True)
        return torch.stack(
            [self._encode(module.train(self.drifting), self.context.train, own) for module, own in pairs]
        )

    def for_evaluation(self, split: Split, rows: Rows) -> Tensor:
        return torch.stack([self._encode(module.eval(), split, rows) for module in self.copies])

    def _encode(self, module: nn.Module, split: Split, rows: Rows) -> Tensor:
        """Encode rows (B, views) -> (B, views, D), first views and second views in separate passes, as released."""
        if split.pixels is None:
            raise ScoringError("these views have no images to encode again: score a dataset")
        views = []
        for view in rows.T:
            images = to_float(split.pixels(view), self.context.device)
            features = represent(self.encoder.name, module, images, self.encoder.precision).cpu().numpy()
            views.append(torch.from_numpy(self.context.standardiser(features, slice(None))).to(self.context.device))
        return torch.stack(views, dim=1)
