"""Solids of polygons, some concave, in any mesh format."""

import struct

import numpy as np

# An arrow's prism: two concave caps, each drawn from its tail, and four walls.
ARROW = [(-0.4, -0.4), (0, -0.1), (0.4, -0.4), (0, 0.5)]
POINTS = [(x, y, z) for z in (0.0, 0.2) for x, y in ARROW]
FACES = [(3, 2, 1, 0), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)]
AREA = 2 * 0.24 + 0.2 * sum(np.hypot(*np.subtract(ARROW[i], ARROW[i - 1])) for i in range(4))
EXTENT = (0.8, 0.9, 0.2)

# The same solid with its upper cap in two triangles, so that faces have three and four corners.
MIXED = [FACES[0], (4, 5, 7), (5, 6, 7), *FACES[2:]]

CODES = {"char": "b", "uchar": "B", "short": "h", "ushort": "H", "int": "i", "uint": "I", "float": "f", "double": "d"}
CODES |= {"int8": "b", "uint8": "B", "int16": "h", "uint16": "H", "int32": "i", "uint32": "I", "float32": "f",
          "float64": "d"}  # fmt: skip
ORDERS = {"binary_little_endian": "<", "binary_big_endian": ">"}


def ply(form, tables, end="\n", comments=(), encoding="utf-8"):
    """Return a PLY file in bytes.

    form : "ascii", "binary_little_endian" or "binary_big_endian"
    tables : name, properties (as written in the header) and rows of each element; a list property is a list in a row
    """
    head = ["ply", f"format {form} 1.0", *comments]
    for element, properties, rows in tables:
        head += [f"element {element} {len(rows)}", *(f"property {line}" for line in properties)]
    content = end.join([*head, "end_header", ""]).encode(encoding)
    for _, properties, rows in tables:
        for row in rows:
            content += text_row(row, end) if form == "ascii" else binary_row(ORDERS[form], properties, row)
    return content


def text_row(row, end):
    words = (f"{len(value)} {' '.join(map(str, value))}" if isinstance(value, list) else str(value) for value in row)
    return (" ".join(words) + end).encode()


def binary_row(order, properties, row):
    content = b""
    for line, value in zip(properties, row, strict=True):
        kinds = [CODES[word] for word in line.split() if word in CODES]
        if isinstance(value, list):
            content += struct.pack(order + kinds[0], len(value)) + struct.pack(f"{order}{len(value)}{kinds[1]}", *value)
        else:
            content += struct.pack(order + kinds[0], value)
    return content


def vertices(points=POINTS, kind="float"):
    """Return the vertex table of a PLY file."""
    return ("vertex", [f"{kind} x", f"{kind} y", f"{kind} z"], [tuple(point) for point in points])


def faces(polygons=FACES, length="uchar", kind="int", name="vertex_indices"):
    """Return the face table of a PLY file."""
    return ("face", [f"list {length} {kind} {name}"], [(list(polygon),) for polygon in polygons])


def off(polygons=FACES, points=POINTS, head="OFF"):
    """Return an OFF file as text."""
    lines = [head, f"{len(points)} {len(polygons)} 0", *(" ".join(map(str, point)) for point in points)]
    return "\n".join([*lines, *(f"{len(polygon)} {' '.join(map(str, polygon))}" for polygon in polygons)]) + "\n"


def obj(polygons=FACES, points=POINTS):
    """Return an OBJ file."""
    lines = ["v " + " ".join(map(str, point)) for point in points]
    return "\n".join([*lines, *("f " + " ".join(str(i + 1) for i in polygon) for polygon in polygons)]) + "\n"
