"""Colours out of range: divided by 255 or 65535 if they are clearly integers of that range, else scaled; with notes."""

import numpy as np
from numpy.typing import NDArray

from ...errors import AssetError

Floats = NDArray[np.float64]
SLACK = 1e-3  # values outside [0, 1] by up to this are rounding errors of another program
BRIGHT = 16.0  # a larger component means whole numbers up to 255 or 65535, not a bright colour
TOPS = (255.0, 65535.0)


def in_range(colors: Floats, name: str, noun: str) -> tuple[Floats, str]:
    """Move colours (n, 3) into [0, 1]; return them and a note, "" if they were in range.

    If no component is above `BRIGHT`, each colour above 1 is divided by its largest component. Otherwise all are
    divided by 255 or 65535. Negative components become 0.

    name : name of the file; noun : name of the colours, both for messages

    Raises
    ------
    AssetError : a colour is not a finite number.

    >>> in_range(np.array([[255, 51, 0.0]]), "a.obj", "vertex colours")
    (array([[1. , 0.2, 0. ]]), 'vertex colours go up to 255: divided by 255')
    >>> in_range(np.array([[2, 1, -1], [0.5, 0.5, 0.5]]), "a.obj", "vertex colours")[0].tolist()
    [[1.0, 0.5, 0.0], [0.5, 0.5, 0.5]]
    """
    if not np.isfinite(colors).all():
        raise AssetError(f"{name} has {noun} that are not finite numbers: give them from 0 to 1")
    low, high = float(colors.min(initial=0)), float(colors.max(initial=0))
    parts = [f"{noun} go down to {low:.5g}: taken as 0"] if low < -SLACK else []
    if top := divisor(colors):
        parts.append(f"{noun} go up to {high:.5g}: divided by {top:.5g}")
        colors = colors / top
    else:
        parts.append(_scaled(noun, high))
        colors = colors / np.maximum(colors.max(axis=1, keepdims=True, initial=0), 1)
    return np.clip(colors, 0, 1), "; ".join(filter(None, parts))


def divisor(colors: Floats) -> float:
    """Return the maximum of the integer range that colours use (255, 65535 or more); 0 if they are fractions of 1."""
    high = float(colors.max(initial=0))
    return 0.0 if high <= BRIGHT else next((top for top in TOPS if high <= top), high)


def dimmed(colors: Floats, noun: str) -> tuple[Floats, str]:
    """Limit emission (n, 3) to 1, so that objects do not light the scene like lamps; return it and a note."""
    high, positive = float(colors.max(initial=0)), np.maximum(colors, 0)
    return positive / np.maximum(positive.max(axis=1, keepdims=True, initial=0), 1), _scaled(noun, high)


def clipped(values: Floats, noun: str) -> tuple[Floats, str]:
    """Clip values to [0, 1]; return them and a note on the value farthest outside."""
    shares = np.clip(values, 0, 1)
    if (shares == values).all():
        return shares, ""
    worst = np.abs(values - shares).argmax()
    return shares, f"{noun} is {values.flat[worst]:.5g}: taken as {shares.flat[worst]:.5g}"


def _scaled(noun: str, high: float) -> str:
    return f"{noun} go up to {high:.5g}: scaled to 1" if high > 1 + SLACK else ""
