"""Body of a PLY file as columns: text or binary, with lists of equal or different lengths."""

import re
import struct
from array import array
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...errors import AssetError
from ..shared.numbers import parse_numbers
from .ply_header import Element, Header, Property

Ints = NDArray[np.int64]
Numbers = NDArray[np.generic]
CODES = {"i1": "b", "u1": "B", "i2": "h", "u2": "H", "i4": "i", "u4": "I", "i8": "q", "u8": "Q",
         "f2": "e", "f4": "f", "f8": "d"}  # fmt: skip
"""Format characters of the module `struct` for NumPy's types."""


@dataclass(frozen=True)
class Lists:
    """A property that is a list: `values` of all rows, concatenated, and `counts` (n,), the lengths of the lists."""

    values: Numbers
    counts: Ints


Table = dict[str, Numbers | Lists]


def read_body(name: str, header: Header, raw: bytes) -> dict[str, Table]:
    """Read the tables of a PLY file by name, each with its properties by name.

    Text is converted to a binary file of doubles first.

    Raises
    ------
    AssetError : the file has less or more data than its header states, or a word that is not a number.
    """
    order, elements, at = header.order, header.elements, header.size
    if not order:
        text = re.sub(rb"#[^\r\n]*", b"", raw[at:])  # not allowed by the format, but some files have such comments
        raw, order, at = parse_numbers(name, text).astype("<f8").tobytes(), "<", 0
        elements = tuple(map(_in_doubles, elements))
    tables = {}
    for element in elements:
        try:
            table, at = _alike(element, order, raw, at) or _walked(element, order, raw, at)
        except (ValueError, OverflowError, struct.error):  # beyond the end of the file, or an invalid length
            raise AssetError(
                f"{name} is cut short or damaged: it has fewer rows of {element.name!r} than the "
                f"{element.count:,} of its header"
            ) from None
        tables[element.name] = table
    if raw[at:].strip(b"\0 \r\n"):
        raise AssetError(f"{name} is damaged: it has data after the elements of its header")
    return tables


def _in_doubles(element: Element) -> Element:
    doubles = (replace(prop, type="f8", length=prop.length and "f8") for prop in element.properties)
    return replace(element, properties=tuple(doubles))


def _alike(element: Element, order: str, raw: bytes, at: int) -> tuple[Table, int] | None:
    """Read rows whose lists all have the first row's lengths; return columns and end offset, or None if lengths differ.

    Raises
    ------
    ValueError : the rows would end beyond the file.
    """
    properties = element.properties if element.count else ()
    fields: list[tuple[str, str] | tuple[str, str, tuple[int]]] = []
    lengths: dict[str, int] = {}
    for number, prop in enumerate(properties):
        if prop.length:
            fields.append((f"length{number}", order + prop.length))
            length = int(np.frombuffer(raw, np.dtype(fields), 1, at)[f"length{number}"][0])
            if not 0 <= length <= len(raw):
                raise ValueError
            lengths[f"length{number}"] = length
            fields.append((f"value{number}", order + prop.type, (length,)))
        else:
            fields.append((f"value{number}", order + prop.type))
    kind = np.dtype(fields)
    end = at + element.count * kind.itemsize
    if end > len(raw) and lengths:
        return None
    rows = np.frombuffer(raw, kind, element.count, at) if properties else np.empty(0, kind)
    if any((rows[field] != length).any() for field, length in lengths.items()):
        return None
    table: Table = {}
    for number, prop in enumerate(properties):
        values = rows[f"value{number}"]
        table[prop.name] = (
            Lists(values.reshape(-1), rows[f"length{number}"].astype(np.int64)) if prop.length else values
        )
    return table, end


def _walked(element: Element, order: str, raw: bytes, at: int) -> tuple[Table, int]:
    """Read rows with lists of different lengths one after the other; return columns and end offset.

    Raises
    ------
    ValueError, struct.error : the rows would end beyond the file.
    """
    columns = [_Column(prop, order) for prop in element.properties]
    for _ in range(element.count):
        for column in columns:
            at = column.take(raw, at)
    if at > len(raw):
        raise ValueError
    return {column.name: column.content() for column in columns}, at


class _Column:
    """A property's values, read row by row."""

    def __init__(self, prop: Property, order: str) -> None:
        self.name = prop.name
        self._type = np.dtype(order + prop.type)
        self._length = struct.Struct(order + CODES[prop.length]) if prop.length else None
        self._values, self._counts = bytearray(), array("q")

    def take(self, raw: bytes, at: int) -> int:
        """Read the value or list at an offset; return the offset after it."""
        count = 1
        if self._length is not None:
            count = int(self._length.unpack_from(raw, at)[0])
            if count < 0:
                raise ValueError
            self._counts.append(count)
            at += self._length.size
        end = at + count * self._type.itemsize
        self._values += raw[at:end]
        return end

    def content(self) -> Numbers | Lists:
        """Return all values read so far."""
        values = np.frombuffer(bytes(self._values), self._type)
        return values if self._length is None else Lists(values, np.array(self._counts, np.int64))
