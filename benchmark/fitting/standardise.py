"""Standardisation of features with the train split's moments."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import EncoderError

ROWS_PER_BLOCK = 16_384  # at most, in memory
NUMBERS = 2**24  # largest number of values in a block
LEAST = 1e-6  # of a column's size; smaller variation is rounding of float32
SMALLEST, FARTHEST = 1e-30, 1e4  # smallest deviation, and largest mean in deviations, for float32


def block_rows(width: int) -> int:
    """Number of rows of a block with that many columns."""
    return max(1, min(ROWS_PER_BLOCK, NUMBERS // width))


@dataclass(frozen=True)
class Standardiser:
    """Maps each feature column to mean 0 and deviation 1.

    mean, scale : (D,) float32; float64 if columns are so small, or so far from 0, that float32 is not precise enough

    A column that is constant on train has scale inf, so that it becomes 0. Heads cannot learn from it, and its values
    on val would affect predictions through random initial weights.
    """

    mean: NDArray[np.floating[Any]]
    scale: NDArray[np.floating[Any]]

    @staticmethod
    def of(features: NDArray[np.float32]) -> "Standardiser":
        """Compute the moments of the train split's features (n, D), block by block in float64."""
        total, square = np.zeros(features.shape[1]), np.zeros(features.shape[1])
        shift = features[0].astype(np.float64)  # near the mean, so that the variance keeps its digits
        step = block_rows(features.shape[1])
        for start in range(0, len(features), step):
            block = features[start : start + step] - shift
            total += block.sum(0)
            square += (block**2).sum(0)
        mean = total / len(features)
        deviation = np.sqrt(np.maximum(square / len(features) - mean**2, 0.0))
        constant = deviation <= LEAST * np.abs(shift)  # at most float32's rounding: no information
        centre, scale = mean + shift, np.where(constant, np.inf, deviation)
        hard = (scale < SMALLEST) | (np.abs(centre) > FARTHEST * scale)
        kind = np.float64 if hard.any() else np.float32
        return Standardiser(centre.astype(kind), scale.astype(kind))

    @staticmethod
    def nothing(columns: int) -> "Standardiser":
        """Return a standardiser that does not change features."""
        return Standardiser(np.zeros(columns, np.float32), np.ones(columns, np.float32))

    def __call__(self, features: NDArray[np.float32], part: slice) -> NDArray[np.float32]:
        """Standardise some columns of features (..., D): (..., width of the part).

        Raises
        ------
        EncoderError : a value lies so many deviations from train's mean that float32 cannot represent it.
        """
        try:
            with np.errstate(over="raise"):
                standard: NDArray[np.floating[Any]] = (features[..., part] - self.mean[part]) / self.scale[part]
                return standard.astype(np.float32, copy=False)
        except FloatingPointError:
            raise EncoderError(
                "some views' features are further than 1e38 deviations from the train split's mean: check that the "
                "features of both splits were made alike"
            ) from None
