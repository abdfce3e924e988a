"""Similarity of two representations of the same views, whatever their rotations, scales and numbers of columns."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..statistics.bootstrap import Counts
from ..statistics.linearised import Linearised

Array = NDArray[np.float64]


def linear_cka(first: Array, second: Array) -> Linearised:
    """Return the linear centred kernel alignment, 0 .. 1: |X^T Y|^2 / (|X^T X| |Y^T Y|) of centred features.

    Kornblith et al. (2019), "Similarity of neural network representations revisited". 1 after a rotation and a scale.

    first, second : (objects, views, D) and (objects, views, E), of the same views
    """
    x, y = centred(first), centred(second)
    cross, own, other = (a.T @ b / len(x) for a, b in ((x, y), (x, x), (y, y)))
    above, left, right = ((matrix**2).sum() for matrix in (cross, own, other))
    value = float(above / np.sqrt(left * right))
    slopes = 2 * _product(x, cross, y) / above if above else np.zeros(len(x))
    slopes = slopes - _product(x, own, x) / left - _product(y, other, y) / right
    return Linearised.of(value * slopes.reshape(first.shape[:2]), value)


@dataclass(frozen=True)
class ShapeAngle:
    """Procrustes shape distance as an angle in degrees, 0 .. 90, of a cosine that is resampled to first order."""

    cosine: Linearised

    @property
    def samples(self) -> int:
        """Number of views behind it."""
        return self.cosine.samples

    def at(self, counts: Counts) -> Array:
        """Return the angle of each bootstrap sample: counts (draws, objects) -> (draws,)."""
        angle: Array = np.degrees(np.arccos(np.clip(self.cosine.at(counts), 0.0, 1.0)))
        return angle


def procrustes(first: Array, second: Array) -> ShapeAngle:
    """Return the angle between two shapes after the best rotation and scale: arccos of |X^T Y|_* / (|X| |Y|).

    Williams et al. (2021), "Generalized shape metrics on neural representations"; |.|_* is the sum of singular values.
    0 after a rotation, a reflection and a scale.

    first, second : (objects, views, D) and (objects, views, E), of the same views
    """
    x, y = centred(first), centred(second)
    left, sizes, right = np.linalg.svd(x.T @ y / len(x), full_matrices=False)
    squares, others = (x**2).sum(1), (y**2).sum(1)
    cosine = float(sizes.sum() / np.sqrt(squares.mean() * others.mean()))
    slopes = -squares / (2 * squares.mean()) - others / (2 * others.mean())
    if sizes.sum():
        slopes = slopes + _product(x, left @ right, y) / sizes.sum()
    return ShapeAngle(Linearised.of(cosine * slopes.reshape(first.shape[:2]), cosine))


def centred(views: Array) -> Array:
    """Return features (objects, views, D) as rows about their mean, in units of their size: (n, D)."""
    rows = views.reshape(-1, views.shape[-1])
    rows = rows - rows.mean(0)
    spread = np.abs(rows).max()
    scaled: Array = rows / (spread or 1.0)
    return scaled


def shifted(views: Array) -> Array:
    """Return the features with every object's exchanged for those of another: the floor of a similarity."""
    return np.roll(views, max(1, len(views) // 2), axis=0)


def _product(left: Array, matrix: Array, right: Array) -> Array:
    """Return x^T M y of each row: (n, D), (D, E), (n, E) -> (n,)."""
    product: Array = (left @ matrix * right).sum(1)
    return product
