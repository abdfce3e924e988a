"""Numbers of a material library: moved into their valid ranges, with notes."""

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from ...errors import AssetError
from ..shared.colors import Floats, clipped, dimmed, divisor, in_range

SHARES = ("d", "Pr", "Pm", "Ps", "Pc", "Pcr")
"""Statements with one number in [0, 1]."""


def numbers_in_range(lines: list[str], name: str) -> tuple[list[str], list[str]]:
    """Return the lines of a library with numbers moved into their ranges, and notes; keywords in Blender's spelling.

    Raises
    ------
    AssetError : a number is not finite.
    """
    diffuse = _Statements(lines, "Kd", name)
    top = divisor(diffuse.values) or 1.0  # a library with colours in bytes uses bytes for all its colours
    notes = [diffuse.change(lambda values: in_range(values, name, "Kd"))]
    for word in ("Ks", "Ka"):
        notes.append(_Statements(lines, word, name).change(partial(_as_diffuse, top=top, name=name, word=word)))
    notes.append(_Statements(lines, "Ke", name).change(partial(dimmed, noun="Ke")))
    notes += [_Statements(lines, word, name, width=1).change(partial(clipped, noun=word)) for word in SHARES]
    return lines, [note for note in notes if note]


def _as_diffuse(values: Floats, top: float, name: str, word: str) -> tuple[Floats, str]:
    return in_range(values / top, name, word)


class _Statements:
    """All statements of one keyword in a list of lines; changed values are written back into the lines.

    values : (n, width)
    """

    def __init__(self, lines: list[str], word: str, name: str, width: int = 3) -> None:
        self._lines, self._word = lines, word
        self._line_numbers = [i for i, line in enumerate(lines) if line.startswith(f"{word} ")]
        rows = [_row(lines[i], name, width) for i in self._line_numbers]
        self._line_numbers = [i for i, row in zip(self._line_numbers, rows, strict=True) if row is not None]
        self.values = np.array([row for row in rows if row is not None], np.float64).reshape(-1, width)

    def change(self, function: Callable[[Floats], tuple[Floats, str]]) -> str:
        """Apply a function to the values and write them back; return the function's note."""
        changed, note = function(self.values)
        for i, before, after in zip(self._line_numbers, self.values, changed, strict=True):
            if (before != after).any() or len(self._lines[i].split()) <= len(after):
                self._lines[i] = " ".join([self._word, *(f"{number:.6g}" for number in after)])
        return note


def _row(line: str, name: str, width: int) -> list[float] | None:
    """Return the numbers of a statement, a single number repeated; None if it has other words, such as a file name."""
    try:
        row = [float(word) for word in line.split()[1 : width + 1]]
    except ValueError:
        return None
    if not all(map(math.isfinite, row)):
        raise AssetError(f"{name} has {line!r}, which is not finite: give numbers from 0 to 1")
    return row if len(row) == width else row[:1] * width
