"""Rendering of a view in two parts: the object's window with full samples, and the smooth ground with fewer.

Samples that the even ground does not need are spent where the image has detail. This module handles plain arrays;
`blender.py` renders.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]

SMALLEST = 128  # pixels: the ground's image is half as wide as the view, but at least this wide
FILTER = 2  # pixels by which Blender's pixel filter spreads an edge
FADE = 4  # pixels over which one part fades into the other
WIDEST = 0.5  # share of the image; a larger window saves no time


@dataclass(frozen=True)
class Window:
    """Columns left .. right - 1 and rows top .. bottom - 1 of an image, rows counted from above."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def area(self) -> int:
        """Number of pixels."""
        return (self.right - self.left) * (self.bottom - self.top)


def window_of(points: NDArray[np.floating[Any]], half_width: float, size: int) -> Window | None:
    """Return the window that contains some points and a margin around them; None if no point is in the image.

    points : (n, 3), camera frame: x to the right, y up, looking along -z
    half_width : tangent of half the field of view
    size : width and height of the image in pixels
    returns : the whole image if a point lies behind the camera
    """
    depth = -points[:, 2]
    if (depth <= 0).any():
        return Window(0, 0, size, size)
    columns = size / 2 * (1 + points[:, 0] / (depth * half_width))
    rows = size / 2 * (1 - points[:, 1] / (depth * half_width))
    margin = FILTER + FADE
    left, right = (int(x) for x in (np.floor(columns.min()) - margin, np.ceil(columns.max()) + margin))
    top, bottom = (int(x) for x in (np.floor(rows.min()) - margin, np.ceil(rows.max()) + margin))
    window = Window(max(left, 0), max(top, 0), min(right, size), min(bottom, size))
    return window if window.left < window.right and window.top < window.bottom else None


def ground_size(size: int) -> int:
    """Return the width of the ground's image for a view of `size` pixels."""
    return max(size // 2, min(size, SMALLEST))


def enlarged(ground: Pixels, size: int) -> Pixels:
    """Enlarge the ground's image (k, k, 3) to the size of the view, (size, size, 3)."""
    if len(ground) == size:
        return ground
    return np.asarray(Image.fromarray(ground).resize((size, size), Image.Resampling.BICUBIC))


def joined(ground: Pixels, near: Pixels, window: Window) -> Pixels:
    """Paste the window's image into the ground's image (h, w, 3), faded in at the sides inside the image."""
    size = len(ground)
    across = _weights(near.shape[1], window.left > 0, window.right < size)
    down = _weights(near.shape[0], window.top > 0, window.bottom < size)
    weight = (down[:, None] * across)[..., None]
    picture = ground.copy()
    part = picture[window.top : window.bottom, window.left : window.right]
    part[...] = np.round(part + weight * (near.astype(np.float64) - part))
    return picture


def _weights(length: int, first: bool, last: bool) -> NDArray[np.float64]:
    """Return weights that are 1 inside and fall to 0 over FADE pixels at the selected ends."""
    ramp = np.minimum((np.arange(length) + 0.5) / FADE, 1.0)
    return (ramp if first else np.ones(length)) * (ramp[::-1] if last else np.ones(length))
