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
DEPTH_STEPS = 8192  # levels of depth a unit; 16 bits then reach 8 units, beyond the far edge of the visible floor
FLOW_STEPS, FLOW_ZERO = 64, 32768  # levels a pixel, and the level of no motion; 16 bits then reach 511 pixels


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


def mask_level(number: int) -> int:
    """Return the level of a scene's object in the pass `mask`: 255 of the object itself, number 0, then half as bright.

    >>> [mask_level(number) for number in range(4)]
    [255, 127, 63, 31]
    """
    return 255 >> number


def points(nocs: bytes) -> NDArray[np.float32]:
    """Decode the pass `nocs` to points on the object, in its own frame: (h, w, 3) float32, NaN where it is not seen.

    Raises
    ------
    OSError : the image does not decode.
    """
    pixels = decode(nocs)
    return np.where(pixels.any(-1, keepdims=True), pixels / np.float32(255) - np.float32(0.5), np.float32(np.nan))


def motion(flow: bytes) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Decode the pass `flow`: motions (h, w, 2) float32 in pixels, NaN off the object, and where the points are seen.

    Motions are to the right and down. The second array, (h, w) bool, is True where the next view shows the point.

    Raises
    ------
    OSError : the image does not decode.
    """
    levels = raw(flow)
    right, down, seen = levels.reshape(3, -1, levels.shape[1]).astype(np.float32)
    moved = (np.stack([right, down], axis=-1) - FLOW_ZERO) / FLOW_STEPS
    return np.where(seen[..., None] > 0, moved, np.float32(np.nan)), seen == 2


def flow_in_colour(moved: NDArray[np.float32]) -> Pixels:
    """Draw a motion (h, w, 2) as (h, w, 3) uint8: the hue is its direction, the saturation its share of the largest."""
    length = np.hypot(moved[..., 0], moved[..., 1])
    hue = np.arctan2(moved[..., 1], moved[..., 0]) / (2 * np.pi) % 1
    share = length / max(np.nanmax(length, initial=0.0), 1e-6)
    hsv = np.nan_to_num(np.stack([255 * hue, 255 * share, np.where(np.isnan(length), 0.0, 255.0)], axis=-1))
    return np.asarray(Image.fromarray(hsv.astype(np.uint8), "HSV").convert("RGB"))


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
