"""Preprocessing that the user declares for a file that does not describe it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from ...errors import EncoderError
from ..maps.reader import MapReader
from ..preprocess import RGB, PreparedMaps, Preprocessed
from ..registry import LoadedEncoder

ORDERS = {"rgb": RGB, "bgr": RGB[::-1]}
NAMES = ("size", "mean", "std", "order")


def declared(
    name: str, module: nn.Module, wants: Mapping[str, Any], source: Path, side: int | None, note: str = "",
    normalisation: tuple[Sequence[float], Sequence[float]] = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    maps: MapReader | None = None,
) -> LoadedEncoder:  # fmt: skip
    """Return a module behind the resize and normalisation that values of --encoder-arg declare.

    wants : size, side of the module's images in pixels; mean and std, three numbers for images in [0, 1]; order, "rgb"
        or "bgr"
    source : file of the module, for messages
    side : side that the module accepts; None if any
    note : more words for the description of the preprocessing
    normalisation : mean and std where they are not given
    maps : reader of the module's maps

    Raises
    ------
    EncoderError : an unknown name, or a value that is invalid or does not fit the module.
    """
    for key in wants:
        if key not in NAMES:
            raise EncoderError(f"--encoder {source} takes no --encoder-arg {key}: it takes {', '.join(NAMES)}")
    size = wants.get("size", side)
    if size is not None and (not isinstance(size, int) or isinstance(size, bool) or not 1 <= size <= 10_000):
        raise EncoderError(f"--encoder-arg size={size!r:.80}: give a whole number of pixels")
    if side is not None and size != side:
        raise EncoderError(f"--encoder-arg size={size}: {source} takes images of {side} pixels, so leave it out")
    mean, std = (_three(key, wants.get(key, usual)) for key, usual in zip(("mean", "std"), normalisation, strict=True))
    if min(std) <= 0:
        raise EncoderError(f"--encoder-arg std={std}: give three numbers above 0")
    order = str(wants.get("order", "rgb"))
    if order not in ORDERS:
        raise EncoderError(f"--encoder-arg order={order:.80}: choose from {', '.join(ORDERS)}")
    preprocessed = Preprocessed(module, size, mean, std, "bilinear", ORDERS[order])
    words = "; ".join([preprocessed.preprocessing, *([note] if note else [])])
    reader = None if maps is None else PreparedMaps(preprocessed, maps)
    return LoadedEncoder(name, preprocessed, size, resizes=True, preprocessing=words, maps=reader)


def _three(key: str, values: object) -> list[float]:
    """Return three finite numbers, one for each channel."""
    numbers = values if isinstance(values, list | tuple) else ()
    plain = [float(v) for v in numbers if isinstance(v, int | float) and not isinstance(v, bool) and abs(v) < 1e6]
    if len(plain) != 3 or len(numbers) != 3:
        raise EncoderError(f"--encoder-arg {key}={values!r:.80}: give three numbers, as in {key}=[0.5,0.5,0.5]")
    return plain
