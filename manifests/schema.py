"""Tables of dataset format 1: columns, types and key format."""

from collections.abc import Iterable

import pyarrow as pa

FORMAT = 1
SPLITS = ("train", "val")
MAX_VIEW = 999  # a key has three digits for the view

_IDENTITY = [
    ("synset", pa.string()), ("object_id", pa.string()), ("class_name", pa.string()), ("label", pa.int32()),
    ("split", pa.string()),
]  # fmt: skip
IDENTITY = tuple(name for name, _ in _IDENTITY)
"""Columns that identify the object of a row."""

_INSPECTION = [
    ("materials", pa.int32()), ("textures", pa.int32()), ("missing", pa.string()), ("vertices", pa.int64()),
    ("triangles", pa.int64()), ("bad_vertices", pa.int64()), ("flat_faces", pa.int64()), ("doubles", pa.int64()),
    ("watertight", pa.bool_()),
    ("extent_x", pa.float64()), ("extent_y", pa.float64()), ("extent_z", pa.float64()), ("notes", pa.string()),
    ("companions", pa.string()),
]  # fmt: skip
INSPECTION = tuple(name for name, _ in _INSPECTION)
"""Columns with the results of the mesh inspection; null where the mesh was not inspected."""

OBJECTS = pa.schema(
    [
        *_IDENTITY, ("mesh_sha256", pa.string()), ("faces", pa.int64()), ("status", pa.string()), ("views", pa.int32()),
        ("path", pa.string()), *_INSPECTION,
    ]
)  # fmt: skip
"""One row per object of the plan; docs/reference/format.md explains the columns."""

COLOUR_PREFIX = "colour_"
"""Prefix of the columns of symmetry.parquet for the group of shape and colour; the others are those of the shape."""
COLOUR_DIFFERENCE = f"{COLOUR_PREFIX}difference"
"""Column of symmetry.parquet: largest difference in colour after the rotations of the group of shape and colour."""
GROUP: list[tuple[str, pa.DataType]] = [
    ("kind", pa.string()), ("order", pa.int32()), ("axis_x", pa.float64()), ("axis_y", pa.float64()),
    ("axis_z", pa.float64()), ("flips", pa.bool_()), ("quaternions", pa.list_(pa.float64())),
    ("residual", pa.float64()), ("cause", pa.string()),
]  # fmt: skip

ADDED = frozenset({
    "notes", "doubles", "companions", COLOUR_DIFFERENCE, *(f"{COLOUR_PREFIX}{name}" for name, _ in GROUP)
})  # fmt: skip
"""Columns of OBJECTS and of symmetry.parquet that were added later; they are read as null from older datasets."""

OF_LINES = frozenset({"missing", "notes", "companions", "cause"})
"""Columns of OBJECTS and FAILURES that may hold several lines."""

FAILURES = pa.schema(
    [("synset", pa.string()), ("object_id", pa.string()), ("split", pa.string()), ("cause", pa.string())]
)
"""One row per object that could not be rendered or imported, with the cause in one sentence."""


COLUMNS_OF_PASSES = {"camera": {"camera_intrinsics": 9, "world_to_camera": 16}}
"""Passes that are columns of the Parquet in place of a file in the tar: column -> count of float64 in each value."""


def fixed_fields(passes: Iterable[str]) -> tuple[list[pa.Field], list[pa.Field]]:
    """Return the fields of a shard's Parquet that are not latents: those before the latents, and those after them."""
    head = [pa.field("key", pa.string()), *(pa.field(*column) for column in _IDENTITY), pa.field("view", pa.int32())]
    return head, [field for name in ("", *passes) for field in (_columns(name) or _member(name))]


def files_among(passes: Iterable[str]) -> tuple[str, ...]:
    """Return the passes that are files in the tar."""
    return tuple(name for name in passes if name not in COLUMNS_OF_PASSES)


def after_latents(passes: Iterable[str]) -> set[str]:
    """Return the columns after the latents, which the JSON of a sample does not repeat."""
    return {field.name for field in fixed_fields(passes)[1]}


def shard_stem(split: str, number: int) -> str:
    """Return the path of a shard inside its dataset, without suffix.

    >>> shard_stem("train", 3)
    'train/00003'
    """
    return f"{split}/{number:05d}"


def position_columns(pass_name: str = "") -> tuple[str, str, str]:
    """Return the columns that locate a sample's JPEG, or its pass of this name, in the tar: offset, size, sha256."""
    prefix = f"{pass_name}_" if pass_name else ""
    return f"{prefix}offset", f"{prefix}size", f"{prefix}sha256"


def member_suffix(pass_name: str = "") -> str:
    """Return the suffix of a sample's JPEG, or of its pass of this name, in the tar.

    >>> member_suffix(), member_suffix("depth"), member_suffix("boxes")
    ('jpg', 'depth.png', 'boxes.json')
    """
    if not pass_name:
        return "jpg"
    return f"{pass_name}.{'json' if pass_name == 'boxes' else 'png'}"


def _columns(pass_name: str) -> list[pa.Field]:
    return [
        pa.field(column, pa.list_(pa.float64(), count))
        for column, count in COLUMNS_OF_PASSES.get(pass_name, {}).items()
    ]


def _member(pass_name: str) -> list[pa.Field]:
    return [
        pa.field(n, t) for n, t in zip(position_columns(pass_name), (pa.int64(), pa.int64(), pa.string()), strict=True)
    ]


def key(synset: str, object_id: str, view: int) -> str:
    """Return a sample's name in tar and Parquet; it contains no dot and sorts by object and view.

    >>> key("03797390", "00004", 7)
    '03797390_00004_007'
    """
    return f"{synset}_{object_id}_{view:03d}"
