"""Estimates the time and disk of encoding a dataset's views, for the verbs that encode before they measure."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.shell.answers import Forecast

from ..data.images import Images
from ..encoders.prepared import PreparedEncoder, represent
from ..features.blocks import BYTES
from ..features.cache import PIXELS, to_float
from ..features.feature_file import FeatureFile
from ..scoring.footprint import PROGRAM, Sizes
from .load import steady

FIRST, GROWTH, LONG = 8, 4, 0.5  # images of the first batch, factor to the next, seconds after which it does not grow
TIMES = 3  # of a batch; the fastest counts, since other work on the machine only adds time


@dataclass(frozen=True)
class Side:
    """An encoder or a file of features, its dataset, and the folder of its features."""

    encoder: PreparedEncoder | FeatureFile
    data: Path
    features: Path


def forecast(
    sides: Sequence[Side], device: torch.device, limit: int | None, writes: Sequence[Path], work: str
) -> Forecast:
    """Estimate the encoding of both splits by each encoder; what is measured afterwards is not counted.

    limit : objects per split in a smoke run; writes : files of the result; work : what is measured, as a noun phrase
    """
    seconds, disk, images, folders = 0.0, 0, 0, []
    with steady(device) as condition:
        for side in sides:
            sizes = Sizes.of(DatasetInfo.load(side.data), limit, [side.encoder.width])
            count = sizes.views * (sizes.train + sizes.val)
            disk += BYTES * count * side.encoder.width
            images += count
            folders.append(side.features)
            if isinstance(side.encoder, PreparedEncoder):
                seconds += count * seconds_per_image(side.encoder, Images.open(side.data, "train"), device)
    return Forecast(
        reads=list(dict.fromkeys(str(side.data) for side in sides)),
        writes=[*dict.fromkeys(map(str, (*writes, *folders)))],
        work=f"{images:,} images, each encoded once; then {work}",
        folder=folders[0],
        seconds=seconds or None,
        basis=f"the fastest of {TIMES} batches through the encoder, without what follows{condition}",
        memory=PROGRAM + 2 * disk,
        disk=disk,
    )


def seconds_per_image(encoder: PreparedEncoder, images: Images, device: torch.device) -> float:
    """Measure the time to decode and encode one image; on a GPU, the longer of both, since they overlap there."""
    most = min(len(images), max(FIRST, PIXELS[device.type] // encoder.resolution**2))
    batch = min(FIRST, most)
    while True:
        decoding = encoding = math.inf
        for _ in range(TIMES):
            start = time.perf_counter()
            pixels = images.read(np.arange(batch), encoder.resolution)
            middle = time.perf_counter()
            represent(encoder.name, encoder.module, to_float(pixels, device), encoder.precision).cpu()
            decoding = min(decoding, middle - start)
            encoding = min(encoding, time.perf_counter() - middle)
        if batch == most or decoding + encoding > LONG:
            return (max(decoding, encoding) if device.type == "cuda" else decoding + encoding) / batch
        batch = min(most, GROWTH * batch)
