"""The feature cache: every view is encoded once; the file is found again as long as nothing that decides it changed."""

import hashlib
import json
from pathlib import Path
from typing import IO

import numpy as np
import torch
from numpy.lib import format as npy
from numpy.typing import NDArray
from torch import Tensor

from iebench.manifests.common.files import atomic
from iebench.manifests.common.progress import Meter

from .batches import ahead
from .encoder import Encoder, represent
from .errors import EncoderError
from .images import Images

Features = NDArray[np.float32]
PIXELS = 2**20  # per batch: 256 images of 64 pixels, 16 of 256
FORMAT = "float32, eval mode, 1"  # changes when the same encoder and images would give other numbers


def encode(encoder: Encoder, images: Images, rows: NDArray[np.int64], cache: Path, device: torch.device) -> Features:
    """The representations of some views, read from `cache` or computed and put there, complete or not at all.

    rows : (n,) rows of the split
    cache : folder of the files
    returns : (n, dim) float32, memory-mapped, read only

    Raises
    ------
    EncoderError : the encoder fails on an image, or its representation is not finite; names the batch.
    DatasetError : a damaged image, or images smaller than the encoder's resolution.
    """
    path = cache / f"{images.split}-{key(encoder, images, rows)[:16]}.npy"
    if not path.is_file():
        with atomic(path) as file:
            npy.write_array_header_1_0(  # type: ignore[no-untyped-call]
                file, {"descr": "<f4", "fortran_order": False, "shape": (len(rows), encoder.dim)}
            )
            _write(file, encoder, images, rows, device)
    features: Features = np.load(path, mmap_mode="r")
    return features


def key(encoder: Encoder, images: Images, rows: NDArray[np.int64]) -> str:
    """SHA-256 of all that decides the features: encoder, preprocessing, dataset, split and rows."""
    parts = [
        FORMAT, encoder.identity, encoder.preprocessing, encoder.precision, encoder.resolution,
        images.info.fingerprint, images.split, hashlib.sha256(np.ascontiguousarray(rows, "<i8").tobytes()).hexdigest(),
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _write(file: IO[bytes], encoder: Encoder, images: Images, rows: NDArray[np.int64], device: torch.device) -> None:
    step = max(8, PIXELS // encoder.resolution**2)
    chunks = [rows[start : start + step] for start in range(0, len(rows), step)]
    decoded = (images.read(chunk, encoder.resolution) for chunk in chunks)
    with Meter(f"encoding {images.split}", total=len(rows), unit="images") as meter, ahead(decoded, depth=1) as batches:
        for chunk, batch in zip(chunks, batches, strict=True):
            try:
                found = represent(encoder.name, encoder.module, to_float(batch, device), encoder.precision)
                if found.shape[1] != encoder.dim:
                    raise EncoderError(
                        f"encoder {encoder.name} returned {encoder.dim} columns at first and {found.shape[1]} now: its "
                        "representation must have one size"
                    )
            except EncoderError as error:
                first = images.table["key"][int(chunk[0])].as_py()
                raise EncoderError(f"{error} (in the batch that starts with {images.split} image {first})") from error
            file.write(found.cpu().numpy().astype("<f4", copy=False).tobytes())
            meter.advance(len(batch))


def to_float(batch: NDArray[np.uint8], device: torch.device) -> Tensor:
    """uint8 (B, H, W, 3) -> float32 (B, 3, H, W) in [0, 1], channels last in memory, which convolutions prefer."""
    return torch.from_numpy(batch).to(device).permute(0, 3, 1, 2).float().div_(255)
