"""Parse numbers in text."""

import warnings
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from ...errors import AssetError


def parse_numbers(name: str, text: bytes) -> NDArray[np.float64]:
    """Parse all numbers of a text, separated by blanks and line ends: (n,).

    name : name of the file, for messages

    Raises
    ------
    AssetError : a word is not a number.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # NumPy 1 warns if it stopped before the end
        with suppress(DeprecationWarning, ValueError):
            return np.fromstring(text, np.float64, sep=" ")
    wrong = next((word for word in text.split() if not _is_number(word)), b"")
    raise AssetError(f"{name} has {wrong[:40].decode('utf-8', 'replace')!r} where a number should be")


def _is_number(word: bytes) -> bool:
    with suppress(ValueError):
        float(word)
        return True
    return False
