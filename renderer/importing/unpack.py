"""Files of one published object, checked: all its views unchanged, or the reason why it cannot be used."""

import errno
import io
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import simplejpeg

from iebench.manifests.common.causes import reason
from iebench.manifests.common.placeholders import placeholder_in
from iebench.manifests.errors import InvalidValue
from iebench.manifests.recipe import Recipe
from iebench.manifests.views import Views

from ..errors import AssetError
from ..output.shards import Outcome
from .published import file_name

LARGEST = 1 << 26  # bytes of one file; files of a published dataset are far smaller
ABSENT = "absent: none of its files is in the source"
TOO_LARGE = OSError(errno.EFBIG, "File too large")

Files = Mapping[tuple[str, int], bytes | OSError]
"""("image" or "latent", view) -> a file's bytes, or the error that reading it raised."""


def outcome(files: Files, recipe: Recipe) -> Outcome:
    """Return the outcome of an object: its unchanged JPEGs and its latents, or a failure if any view is unusable."""
    jpegs, rows, problems = [], [], []
    for view in range(recipe.views):
        for kind in ("image", "latent"):
            try:
                content = _content(files, kind, view)
                if kind == "image":
                    check_jpeg(content, recipe.resolution)
                    jpegs.append(content)
                else:
                    rows.append(read_latents(content, len(recipe.factors)))
            except AssetError as error:
                problems.append(f"{file_name(kind, view)} {error}")
    if not files:
        return Outcome.failed(ABSENT)
    if problems:
        others = f"; {len(problems) - 1} more of its files cannot be used" if len(problems) > 1 else ""
        return Outcome.failed(problems[0] + others)
    views = Views(tuple(range(recipe.views)), dict(zip(recipe.factor_names, zip(*rows, strict=True), strict=True)))
    return Outcome("", 0, "ok", "", views, tuple({"jpg": jpeg} for jpeg in jpegs))


def _content(files: Files, kind: str, view: int) -> bytes:
    content = files.get((kind, view))
    if content is None:
        raise AssetError("is missing")
    if isinstance(content, OSError):
        raise AssetError(f"cannot be read ({reason(content)})") from content
    if words := placeholder_in(content):
        raise AssetError(words)
    return content


def check_jpeg(content: bytes, resolution: int) -> None:
    """Decode a JPEG as training does, but at an eighth of its size, which still reads all its entropy-coded data.

    Raises
    ------
    AssetError : the JPEG is damaged, or not `resolution` pixels wide and high.
    """
    try:
        height, width, _, _ = simplejpeg.decode_jpeg_header(content)
        if (height, width) == (resolution, resolution):
            simplejpeg.decode_jpeg(content, "GRAY", min_height=1, min_width=1)
    except ValueError as error:
        raise AssetError("does not decode: it is not a valid JPEG") from error
    if (height, width) != (resolution, resolution):
        raise AssetError(f"has {width} x {height} pixels, not {resolution} x {resolution}")


def read_latents(content: bytes, count: int) -> list[float]:
    """Read the numbers in an .npy file's bytes.

    returns : `count` floats, one per factor of the recipe

    Raises
    ------
    AssetError : the file is no .npy of float64 (count,), or contains numbers that are not finite.
    """
    start = 10 + int.from_bytes(content[8:10], "little")
    shape, dtype = _npy_header(content[:start])
    if dtype != np.dtype("<f8") or shape != (count,):
        raise AssetError(f"holds {dtype} {shape}, not float64 ({count},)")
    if len(content) != start + 8 * count:
        raise AssetError(f"has {len(content)} bytes, not {start + 8 * count}")
    values = np.frombuffer(content, "<f8", offset=start)
    if not np.isfinite(values).all():
        raise AssetError("holds numbers that are not finite")
    return [float(value) for value in values]


@lru_cache(64)  # all files of a dataset have the same header
def _npy_header(head: bytes) -> tuple[tuple[int, ...], np.dtype[np.generic]]:
    file = io.BytesIO(head)
    try:
        if np.lib.format.read_magic(file) != (1, 0):  # type: ignore[no-untyped-call]
            raise InvalidValue("not version 1.0")
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)  # type: ignore[no-untyped-call]
    except (ValueError, SyntaxError, TypeError) as error:
        raise AssetError(f"is not a NumPy file ({reason(error, 'its header is damaged')})") from error
    return shape, dtype
