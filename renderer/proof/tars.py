"""Comparison of a tar with its Parquet: the expected bytes of every member are built again from the row and compared.

The rows determine every byte of a tar of format 1: headers follow from name and size, the JSON member is the row,
images have their SHA-256, and the rest is zeros. So every byte is checked, and every wrong byte belongs to a sample.
"""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from iebench.manifests.reading.boxes import boxes
from iebench.manifests.recipe import Recipe
from iebench.manifests.schema import after_latents, member_suffix, position_columns

from ..errors import DatasetError
from ..output.shards import member_header, sample_json

TAR_BLOCK, TAR_RECORD = tarfile.BLOCKSIZE, tarfile.RECORDSIZE  # a tar is padded with zeros to a whole record
Wrong = tuple[str, str, str]
"""Name of the check, key of the sample, and the fault."""


@dataclass(frozen=True)
class Member:
    """An expected member of a sample, according to its row.

    content : bytes of the JSON member; sha256, offset : hash and position of an image
    """

    suffix: str
    size: int
    content: bytes = b""
    sha256: str = ""
    offset: int = 0

    @property
    def span(self) -> int:
        """Number of bytes in the tar, header and padding included."""
        return TAR_BLOCK + -(-self.size // TAR_BLOCK) * TAR_BLOCK


def members(row: dict[str, Any], recipe: Recipe) -> list[Member]:
    """Return the expected members of a row's sample, in the tar's order."""
    locations = {name: position_columns(name) for name in ("", *recipe.pass_files)}
    left_out = after_latents(recipe.passes)
    text = sample_json({name: value for name, value in row.items() if name not in left_out})
    parts = [Member("json", len(text), text)]
    for name, columns in locations.items():
        offset, size, sha256 = (row[column] for column in columns)
        parts.append(Member(member_suffix(name), size, b"", sha256, offset))
    return sorted(parts, key=lambda member: member.suffix)


def check_tar(path: Path, rows: Sequence[dict[str, Any]], recipe: Recipe) -> Iterator[Wrong]:
    """Compare every byte of a tar with its rows, and decode its images.

    Raises
    ------
    OSError : the tar cannot be read.
    """
    position = 0
    with path.open("rb") as file:
        length = os.fstat(file.fileno()).st_size
        for number, row in enumerate(rows):
            parts = members(row, recipe)
            span = sum(part.span for part in parts)
            begin = _begin(file.fileno(), position, row["key"], parts)
            if begin != position:
                yield "tars", row["key"], f"does not begin at byte {position}, where the sample before it ends"
            if begin < 0 or begin + span > length or min(part.size for part in parts) < 0:
                yield "tars", row["key"], f"lies outside the tar: bytes {begin} to {begin + span} of {length}"
                if begin >= length:
                    cut = len(rows) - number - 1
                    if cut:
                        yield "tars", "", f"{cut} more samples lie outside the tar"
                    return
            else:
                yield from _check_sample(os.pread(file.fileno(), span, begin), begin, row["key"], parts, recipe)
            position = begin + span
        end = -(-(position + 2 * TAR_BLOCK) // TAR_RECORD) * TAR_RECORD
        if length != end:
            yield "tars", "", f"has {length} bytes, {end} were written"
        file.seek(position)
        if any(file.read()):
            yield "tars", "", f"holds data between its last sample and its end, from byte {position} on"


def _begin(descriptor: int, position: int, key: str, parts: Sequence[Member]) -> int:
    """Return the offset of a sample: the end of the previous sample, or the row's offset if only it has the name."""
    offset = next(part.offset for part in parts if part.sha256) - TAR_BLOCK
    offset -= sum(part.span for part in parts[: next(i for i, part in enumerate(parts) if part.sha256)])
    if offset == position or offset < 0:
        return position
    name = f"{key}.{parts[0].suffix}".encode()
    named_at_position, named_at_offset = (os.pread(descriptor, len(name), at) == name for at in (position, offset))
    return offset if named_at_offset and not named_at_position else position


def _check_sample(block: bytes, begin: int, key: str, parts: Sequence[Member], recipe: Recipe) -> Iterator[Wrong]:
    position = 0
    for part in parts:
        name = f"{key}.{part.suffix}"
        content = block[position + TAR_BLOCK : position + TAR_BLOCK + part.size]
        if block[position : position + TAR_BLOCK] != member_header(name, part.size):
            yield "tars", key, f"the tar's header of {name} is damaged"
        if any(block[position + TAR_BLOCK + part.size : position + part.span]):
            yield "tars", key, f"the padding after {name} is not zero"
        if part.suffix == "json":
            if content != part.content:
                yield "tars", key, _json_difference(content, part.content)
        else:
            if part.offset != begin + position + TAR_BLOCK:
                yield (
                    "tars",
                    key,
                    f"{name} begins at byte {begin + position + TAR_BLOCK}, its Parquet says {part.offset}",
                )
            if hashlib.sha256(content).hexdigest() != part.sha256:
                yield "tars", key, f"{name} does not have the SHA-256 in its Parquet"
            elif (problem := _problem(content, part.suffix, recipe.resolution)) is not None:
                yield "images", key, f"{name} {problem}"
        position += part.span


def _json_difference(content: bytes, expected: bytes) -> str:
    try:
        stored, row = json.loads(content), json.loads(expected)
        names = [name for name in row if stored.get(name) != row[name]]
        if not names:
            return "its JSON in the tar is formatted differently from its row"
        return "; ".join(
            f"{name} is {stored.get(name)!r} in the tar and {row[name]!r} in Parquet" for name in names[:3]
        )
    except (ValueError, AttributeError):
        return "its JSON in the tar is damaged"


def _problem(content: bytes, suffix: str, resolution: int) -> str | None:
    """Return the reason why an image or a pass cannot be used; None if it decodes."""
    if not suffix.endswith(".json"):
        return _picture_problem(content, suffix, resolution)
    try:
        boxes(content)
    except DatasetError as error:
        return str(error)
    return None


def _picture_problem(content: bytes, suffix: str, resolution: int) -> str | None:
    """Return the reason why an image cannot be used; None if it decodes."""
    try:
        with Image.open(io.BytesIO(content), formats=["JPEG" if suffix == "jpg" else "PNG"]) as image:
            height = resolution * (3 if suffix == "flow.png" else 1)
            if image.size != (resolution, height):
                return f"is {image.width} x {image.height} pixels, the recipe says {resolution} x {height}"
            if suffix == "jpg" and image.mode != "RGB":
                return f"has mode {image.mode}, not RGB"
            image.draft("RGB", (1, 1))  # decoding at the smallest scale is fastest and still reads all coefficients
            image.load()
    except (OSError, SyntaxError, ValueError):
        return "does not decode"
    return None
