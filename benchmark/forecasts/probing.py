"""Estimates the time of a score's probes by running them on a few objects."""

import math
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from iebench.manifests.common.progress import silent
from iebench.manifests.errors import IebenchError

from ..encoders.prepared import PreparedEncoder
from ..features.feature_file import FeatureFile
from ..fitting.context import Suite
from ..protocol import Protocol
from ..scoring.footprint import Sizes
from ..scoring.score import score
from ..scoring.splits import SMOKE_VIEWS

FEW, MORE = 24, 3  # objects of the smaller trial of the probes, at least; factor to the larger trial
SIDE = 32  # pixels of the images that the trial of the probes reads


@dataclass(frozen=True)
class Probing:
    """Expected seconds of the probes, and the objects of each split in the larger trial."""

    seconds: float
    objects: int


def probing(
    encoder: PreparedEncoder | FeatureFile, data: Path, protocol: Protocol, device: torch.device, sizes: Sizes,
    ask: Path | None, suite: Suite,
) -> Probing | None:  # fmt: skip
    """Run the probes on drawn features of few and of more objects, and extend their time linearly to all views.

    The features have the encoder's width. They are written to a temporary folder, which is removed.

    sizes : of the score; returns None if the probes cannot run on few objects
    """
    few = max(FEW, sizes.classes)
    limits = [few, few, MORE * few]  # twice, since the first run loads libraries
    drawn = _drawn(encoder)
    times: dict[int, float] = {}
    with tempfile.TemporaryDirectory(prefix="iebench-") as folder, silent():
        for limit in limits:
            try:
                result = score(drawn, data, Path(folder), device, protocol, limit=limit, suite=suite, ask=ask)
            except IebenchError:  # as of a probe that needs more objects
                return None
            views = _views(sizes, limit)
            times[views] = min(times.get(views, math.inf), result.seconds["probing"])
    return Probing(extended(times, sizes.views * (sizes.train + sizes.val)), limits[-1])


def extended(times: dict[int, float], views: int) -> float:
    """Extend times of few views to others along a line, which does not fall.

    times : number of views -> seconds, from few views to more

    >>> extended({10: 2.0, 30: 3.0}, 110), extended({10: 2.0, 30: 1.9}, 110), extended({10: 2.0}, 10)
    (7.0, 2.0, 2.0)
    """
    (first, least), *_, (last, most) = [*times.items(), *times.items()]
    slope = max(0.0, most - least) / (last - first) if last > first else 0.0
    return least + slope * (views - first)


def _views(sizes: Sizes, limit: int) -> int:
    """Return the number of views of a smoke run."""
    return min(sizes.views, SMOKE_VIEWS) * (min(sizes.train, limit) + min(sizes.val, limit))


def _drawn(encoder: PreparedEncoder | FeatureFile) -> PreparedEncoder:
    """Return an encoder of the same width whose features are drawn, with the same predictor."""
    if isinstance(encoder, PreparedEncoder):
        return replace(encoder, module=_Drawn(encoder.width), resolution=min(encoder.resolution, SIDE), identity="")
    return PreparedEncoder(
        encoder.name, _Drawn(encoder.dim), encoder.dim, encoder.width, encoder.parts, SIDE, "", "float32", None,
        encoder.weights, "", None, encoder.cost,
    )  # fmt: skip


class _Drawn(nn.Module):
    """A module that draws features from a normal distribution."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self._generator = torch.Generator().manual_seed(0)

    def forward(self, images: Tensor) -> Tensor:
        return torch.randn(len(images), self.width, generator=self._generator).to(images.device)
