"""Vertex colours after the coordinates in some OBJ files: moved into [0, 1]."""

import re
from pathlib import Path

import numpy as np

from ..shared.colors import Floats, in_range

VERTEX = re.compile(rb"^[ \t]*v[ \t]+(.*)$", re.MULTILINE)


def colored(block: bytes) -> bool:
    """True if the first vertex in a block of lines has a colour."""
    first = VERTEX.search(block)
    return first is not None and _color(first[0]) is not None


def colors_in_range(name: str, mesh: Path) -> str:
    """Rewrite a clean OBJ file if its colours are not in [0, 1]; return a note, or "" if they are.

    Raises
    ------
    AssetError : a colour is not a finite number.
    """
    with mesh.open("rb") as file:
        colors = np.array([color for line in file if (color := _color(line)) is not None]).reshape(-1, 3)
    changed, note = in_range(colors, name, "vertex colours")
    if (changed != colors).any():
        rows, again = iter(changed), mesh.with_suffix(".again")
        with mesh.open("rb") as old, again.open("wb") as new:
            new.writelines(line if _color(line) is None else _with(line, next(rows)) for line in old)
        again.replace(mesh)
    return note


def _color(line: bytes) -> list[float] | None:
    """Return the three numbers after a vertex's coordinates; None if there are none, or words such as a comment."""
    words = line.split()
    if words[:1] != [b"v"] or len(words) < 7:
        return None
    try:
        return [float(word) for word in words[4:7]]
    except ValueError:
        return None


def _with(line: bytes, color: Floats) -> bytes:
    return b" ".join([*line.split()[:4], *(b"%.6g" % number for number in color)]) + b"\n"
