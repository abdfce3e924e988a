"""Header of a PLY file: its elements, their layout, and the names of its images."""

import re
from dataclasses import dataclass
from pathlib import Path

from iebench.manifests.text.encoding import encoding_of

from ...errors import AssetError
from ..shared.text import decode

TYPES = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "i2", "int16": "i2", "ushort": "u2",
    "uint16": "u2", "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4", "int64": "i8", "uint64": "u8",
    "float": "f4", "float32": "f4", "double": "f8", "float64": "f8", "float16": "f2",
}  # fmt: skip
"""NumPy's names of PLY's types, and of types that other programs have added."""
ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
START = re.compile(rb"(?:\xef\xbb\xbf)?ply[ \t]*(\r\n|\n|\r)")
MOST = 1 << 18  # bytes of the longest header


@dataclass(frozen=True)
class Property:
    """A number, or a list of numbers preceded by its length, in each row of an element; types are NumPy's names."""

    name: str
    type: str
    length: str = ""


@dataclass(frozen=True)
class Element:
    """A table of `count` rows."""

    name: str
    count: int
    properties: tuple[Property, ...]


@dataclass(frozen=True)
class Header:
    """The header of a PLY file.

    order : "<" or ">" for a binary file, "" for text
    size : size of the header in bytes
    textures : images named in its comments
    """

    order: str
    elements: tuple[Element, ...]
    size: int
    textures: tuple[str, ...]

    def count(self, element: str) -> int:
        """Return the number of rows of an element; 0 if the element is missing."""
        return sum(table.count for table in self.elements if table.name == element)

    def types(self, element: str) -> dict[str, str]:
        """Return NumPy's types of an element's properties by name."""
        return {prop.name: prop.type for table in self.elements if table.name == element for prop in table.properties}


def read_header(name: str, path: Path) -> Header:
    """Read the header of a file; errors as in `parse_header`."""
    with path.open("rb") as file:
        return parse_header(name, as_bytes(file.read(MOST)))


def as_bytes(raw: bytes) -> bytes:
    """Return a PLY file or its start, converted to UTF-8 if it is in UTF-16."""
    return raw if encoding_of(raw[:64]).startswith("utf-8") else decode(raw).encode()


def parse_header(name: str, raw: bytes) -> Header:
    """Parse the header of a PLY file; line ends may be of any kind, unknown lines are in any encoding.

    Raises
    ------
    AssetError : the header does not begin as PLY, has no end, or has a line that is not understood.
    """
    start = START.match(raw)
    if start is None:
        raise AssetError(f"{name} is not a PLY file: it does not begin with the line 'ply'")
    end = b"\r" if start[1] == b"\r" else b"\n"
    order = None
    tables: list[tuple[str, int, list[Property]]] = []
    textures: list[str] = []
    size = start.end()
    for line in raw[size:MOST].split(end):
        size += len(line) + 1
        text = decode(line).strip()
        match text.split():
            case ["end_header"] if order is not None:
                elements = tuple(Element(name, count, tuple(properties)) for name, count, properties in tables)
                return Header(order, elements, size, tuple(textures))
            case ["format", form, *_] if form in ORDERS:
                order = ORDERS[form]
            case ["element", element, count] if count.isdecimal():
                tables.append((element, int(count), []))
            case ["property", "list", length, kind, own] if tables and length in TYPES and kind in TYPES:
                tables[-1][2].append(Property(own, TYPES[kind], TYPES[length]))
            case ["property", kind, own] if tables and kind in TYPES:
                tables[-1][2].append(Property(own, TYPES[kind]))
            case ["comment", word, _, *_] if word.lower() == "texturefile":
                textures.append(re.split(word, text, maxsplit=1)[1].strip())
            case ["end_header" | "format" | "element" | "property", *_]:
                raise AssetError(f"{name} has a line in its header that is not understood: {text[:80]!r}")
    raise AssetError(f"{name} has no end of its header, the line 'end_header': it is damaged")
