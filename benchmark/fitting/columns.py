"""Standardised columns of a part of the features, raw or after a random rotation."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct

from ..data.rows import rows_of
from ..statistics.ridge import WIDE
from .context import Split
from .standardise import Standardiser, block_rows

Array = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Turn:
    """A fixed rotation of the columns. turn : (n, D) -> (n, D), orthogonal."""

    turn: Callable[[Array], Array]

    @staticmethod
    def of(width: int) -> "Turn":
        """Draw a rotation, uniform over orthogonal matrices, from a seed that is the width.

        With more than WIDE dimensions it is a faster one that mixes all dimensions: random signs, then a cosine
        transform, three times (as Ailon and Chazelle 2009, "The fast Johnson-Lindenstrauss transform").
        """
        generator = np.random.default_rng(width)
        if width <= WIDE:
            q, r = np.linalg.qr(generator.normal(size=(width, width)))
            matrix: Array = q * np.sign(np.diag(r))
            return Turn(lambda rows: rows @ matrix)
        signs = generator.choice([-1.0, 1.0], size=(3, width))

        def mixed(rows: Array) -> Array:
            for own in signs:
                rows = dct(rows * own, axis=1, norm="ortho", overwrite_x=True)
            return rows

        return Turn(mixed)

    def __call__(self, rows: Array) -> Array:
        """Rotate rows (n, D) -> (n, D)."""
        return self.turn(rows)


@dataclass(frozen=True)
class Columns:
    """The columns of a part, standardised. turn : rotation to apply, None for none."""

    standardiser: Standardiser
    part: slice
    turn: Turn | None

    @property
    def width(self) -> int:
        """Number of columns."""
        return int(self.part.stop - self.part.start)

    def __call__(self, split: Split, rows: Codes) -> Array:
        """Return the columns for rows (n,) of a split: (n, D)."""
        standard = self.standardiser(split.features[rows], self.part).astype(np.float64)
        return standard if self.turn is None else self.turn(standard)

    def held(self, split: Split, rows: Codes) -> NDArray[np.floating[Any]]:
        """Return the columns for rows (n,) as one array (n, D); float32 and made in blocks if wider than WIDE."""
        if self.width <= WIDE:
            return self(split, rows)
        step = block_rows(self.width)
        return np.concatenate([self(split, rows[i : i + step]).astype(np.float32) for i in range(0, len(rows), step)])

    def blocks(self, split: Split, objects: Codes) -> Iterator[Codes]:
        """Yield the rows of some objects in blocks of whole objects."""
        step = max(1, block_rows(self.width) // split.views)
        for start in range(0, len(objects), step):
            yield rows_of(objects[start : start + step], split.views)
