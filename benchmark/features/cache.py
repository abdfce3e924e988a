"""The feature cache: every view is encoded once; a file is reused while everything that affects it is the same."""

import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from iebench.manifests.common.files import own_folder
from iebench.manifests.common.progress import Meter, say
from iebench.manifests.common.space import require
from iebench.manifests.errors import DiskError

from ..data.batches import ahead
from ..data.images import Images
from ..distributed.ranks import ALONE, Ranks
from ..encoders.prepared import PreparedEncoder, represent
from ..errors import EncoderError, InvalidValue
from . import record
from .blocks import BYTES, REMEDY, Blocks
from .feature_file import FeatureFile
from .record import Encoded

Features = NDArray[np.float32]
PIXELS = {"cpu": 2**20, "cuda": 2**24}  # pixels per batch: 256 images of 64 pixels, or of 256 pixels on a GPU
FORMAT = "float32, eval mode, 2"  # to be changed when the same encoder and images give other numbers


def encode(
    encoder: PreparedEncoder | FeatureFile, images: Images, rows: NDArray[np.int64], cache: Path, device: torch.device,
    ranks: Ranks = ALONE,
) -> Encoded:  # fmt: skip
    """Return the representations of some views, read from `cache` or computed and written there atomically.

    Blocks that were encoded before a process was killed are kept and reused. Memory is limited to a few batches and one
    block, whatever the number of views. A damaged file in the cache is replaced.

    rows : (n,) rows of the split
    cache : folder of the files, the same on all ranks
    ranks : processes that share the blocks; batches do not depend on their number, nor do the bytes on devices of one
        kind

    Raises
    ------
    EncoderError : the encoder fails on an image, or its representation is not finite; names the batch. Or the ranks
        have encoders with different weights.
    DatasetError : a damaged image, or images smaller than the encoder's resolution.
    DiskError : the disk has no room for the features; finished blocks stay.
    """
    with ranks.agreed():
        own_folder(cache)
    path, intact = _agreed(encoder, images, rows, cache, ranks)
    shape = len(rows), encoder.width
    if not intact:
        with ranks.agreed():
            if isinstance(encoder, PreparedEncoder):
                blocks, speed = _encode_blocks(encoder, images, rows, path, device, ranks)
        with ranks.agreed():  # after this, all blocks exist
            if ranks.first and isinstance(encoder, PreparedEncoder):
                _join(blocks, path, shape, speed)
            elif ranks.first and isinstance(encoder, FeatureFile):
                require(
                    cache, BYTES * len(rows) * encoder.width, f"a copy of the features of {len(rows):,} views", REMEDY
                )
                record.write(path, shape, None, lambda partial: encoder.copy(images, rows, partial))
    return record.load(path)


def key(encoder: PreparedEncoder | FeatureFile, images: Images, rows: NDArray[np.int64]) -> str:
    """Return the SHA-256 of everything that affects the features: encoder, preprocessing, dataset, split and rows."""
    parts = [
        FORMAT, encoder.identity, encoder.preprocessing, encoder.precision, encoder.resolution,
        images.info.fingerprint, images.split, hashlib.sha256(np.ascontiguousarray(rows, "<i8").tobytes()).hexdigest(),
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _agreed(
    encoder: PreparedEncoder | FeatureFile, images: Images, rows: NDArray[np.int64], cache: Path, ranks: Ranks
) -> tuple[Path, bool]:
    """Return the first rank's file, and True if it is intact; other ranks may differ in the last digit or in files."""
    path = cache / f"{images.split}-{key(encoder, images, rows)[:16]}.npy"
    with ranks.agreed():
        intact = ranks.first and _is_intact(path, (len(rows), encoder.width))
    reports = ranks.collect((path, encoder.weights, intact))
    if len({other for _, other, _ in reports}) > 1:
        raise ranks.common(
            EncoderError("the ranks made encoders of different weights: draw random weights from a fixed seed")
        )
    return reports[0][0], reports[0][2]


def _is_intact(path: Path, shape: record.Shape) -> bool:
    """True if a file of features exists and is intact; reports a damaged file on the screen."""
    try:
        if path.is_file():
            record.check(path, shape)
            return True
    except InvalidValue as error:
        say(f"{path} is not used ({error}): its features are computed again")
    return False


def _encode_blocks(
    encoder: PreparedEncoder, images: Images, rows: NDArray[np.int64], path: Path, device: torch.device, ranks: Ranks
) -> tuple[Blocks, float | None]:
    """Encode this rank's share of the blocks; returns all blocks, and images per second if any were encoded."""
    batch = max(8, PIXELS[device.type] // encoder.resolution**2)
    blocks = Blocks(path.with_suffix(".blocks"), len(rows), encoder.width, batch)
    if ranks.first:
        blocks.check_disk()
    numbers = [number for number in range(ranks.rank, blocks.count, ranks.size) if not blocks.has(number)]
    start = time.perf_counter()
    count = _fill(blocks, numbers, encoder, images, rows, device, shown=ranks.first)
    return blocks, round(count / (time.perf_counter() - start), 1) if count else None


def _join(blocks: Blocks, path: Path, shape: record.Shape, speed: float | None) -> None:
    """Write the file from all blocks, then remove the blocks; for a moment the disk holds both."""
    try:
        record.write(path, shape, speed, blocks.join)
    except DiskError:
        if not _is_intact(path, shape):  # else another process with the same features was faster and removed the blocks
            raise
    blocks.remove()


def _fill(
    blocks: Blocks, numbers: list[int], encoder: PreparedEncoder, images: Images, rows: NDArray[np.int64],
    device: torch.device, shown: bool,
) -> int:  # fmt: skip
    """Encode some blocks while the next batch is decoded; returns the number of images."""
    chunks = list(_chunks(blocks, numbers, rows))
    decoded = (images.read(chunk, encoder.resolution) for _, chunk, _ in chunks)
    count = sum(len(chunk) for _, chunk, _ in chunks)
    with Meter(f"encoding {images.split}", count, "images", shown=shown) as meter, ahead(decoded, depth=1) as batches:
        pieces: list[Features] = []
        for (number, chunk, last), batch in zip(chunks, batches, strict=True):
            pieces.append(_encoded(encoder, images, chunk, batch, device))
            meter.advance(len(batch))
            if last:
                blocks.put(number, np.concatenate(pieces))
                pieces.clear()
    return count


def _chunks(
    blocks: Blocks, numbers: list[int], rows: NDArray[np.int64]
) -> Iterator[tuple[int, NDArray[np.int64], bool]]:
    """Yield the batches of some blocks: number of the block, rows, True for the block's last batch."""
    for number in numbers:
        span = blocks.span(number)
        for start in range(span.start, span.stop, blocks.batch):
            stop = min(start + blocks.batch, span.stop)
            yield number, rows[start:stop], stop == span.stop


def _encoded(
    encoder: PreparedEncoder, images: Images, chunk: NDArray[np.int64], batch: NDArray[np.uint8], device: torch.device
) -> Features:
    try:
        output = represent(encoder.name, encoder.module, to_float(batch, device), encoder.precision)
        if output.shape[1] != encoder.width:
            raise EncoderError(
                f"encoder {encoder.name} returned {encoder.width} columns at first and {output.shape[1]} now: its "
                "representation must have one size"
            )
    except EncoderError as error:
        first = images.table["key"][int(chunk[0])].as_py()
        raise EncoderError(f"{error} (in the batch that starts with {images.split} image {first})") from error
    features: Features = output.cpu().numpy()
    return features


def to_float(batch: NDArray[np.uint8], device: torch.device) -> Tensor:
    """Convert uint8 (B, H, W, 3) to float32 (B, 3, H, W) in [0, 1], channels last in memory, the fast layout."""
    return torch.from_numpy(batch).to(device).permute(0, 3, 1, 2).float().div_(255)
