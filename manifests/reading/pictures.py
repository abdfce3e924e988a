"""Decode stored images to arrays, whatever their channel order."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import DatasetError
from ..recipe import Recipe
from .samples import Sample

Pixels = NDArray[np.uint8]


def decode(picture: bytes) -> Pixels:
    """Decode an image to (h, w, 3) uint8, channels in stored order.

    Raises
    ------
    OSError : the image does not decode.
    """
    with Image.open(io.BytesIO(picture)) as image:
        return np.asarray(image.convert("RGB"))


def raw(picture: bytes) -> NDArray[Any]:
    """Decode an image or pass without conversion: (h, w) or (h, w, 3), in its own pixel type."""
    with Image.open(io.BytesIO(picture)) as image:
        return np.asarray(image)


def points(nocs: bytes) -> NDArray[np.float32]:
    """Decode the pass `nocs` to points on the object, in its own frame: (h, w, 3) float32, NaN where it is not seen.

    Raises
    ------
    OSError : the image does not decode.
    """
    pixels = decode(nocs)
    return np.where(pixels.any(-1, keepdims=True), pixels / np.float32(255) - np.float32(0.5), np.float32(np.nan))


def as_rgb(pixels: Pixels, recipe: Recipe) -> Pixels:
    """Return stored pixels as RGB."""
    return pixels[..., ::-1] if recipe.channel_order == "bgr" else pixels


def picture(sample: Sample, recipe: Recipe) -> Pixels:
    """Read a sample's image as (h, w, 3) uint8, RGB.

    Raises
    ------
    DatasetError : the image is damaged.
    """
    try:
        return as_rgb(decode(sample.read()), recipe)
    except OSError as error:
        raise DatasetError(f"{sample.folder / sample.tar}: {sample.key} does not decode; restore it") from error


def peak_signal_to_noise(first: Pixels, second: Pixels) -> float:
    """Return the PSNR of two images (h, w, 3) in dB; infinite for equal images."""
    error = float(np.mean((first.astype(np.float64) - second) ** 2))
    return float("inf") if error == 0 else float(10 * np.log10(255**2 / error))
