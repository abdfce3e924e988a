"""Whole numbers in the JSON of a glTF: lengths, offsets, counts and references, none of which may be negative."""

from collections.abc import Iterator
from typing import Any

from iebench.manifests.errors import InvalidValue

from .extensions import DRAWN, UNDONE

LARGEST = 2**53  # whole numbers in JSON are exact up to this value
TABLES = frozenset({"attributes", "targets"})  # all their values refer to accessors
NUMBERS = TABLES | {
    "count", "byteLength", "byteOffset", "byteStride",
    "buffer", "bufferView", "indices", "mesh", "material", "skin", "scene", "source", "index", "texCoord",
    "nodes", "children", "joints", "inverseBindMatrices",
}  # fmt: skip
"""Keys of counts, and of references to an entry of a list."""


def check_numbers(tree: dict[str, Any]) -> None:
    """Refuse a glTF with an invalid length, offset, count or reference; unknown extensions are not checked.

    Otherwise Python would read entry -1 as the last entry, and offset -1 as a position before the data.

    Raises
    ------
    InvalidValue : a number is invalid; the message names it.
    """
    for key, value in _numbers("", tree):
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST:
            raise InvalidValue(f"its {key} is {value!r:.40}, not a whole number from 0 to 2^53")


def _numbers(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the keys and values of all checked numbers at any depth."""
    if isinstance(value, dict):
        for inner, item in value.items():
            if inner != "extras" and (key != "extensions" or inner in UNDONE | DRAWN):
                yield from _numbers(key if key in TABLES else inner, item)
    elif isinstance(value, list):
        for item in value:
            yield from _numbers(key, item)
    elif key in NUMBERS:
        yield key, value
