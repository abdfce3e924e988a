"""Contact sheets: rows of images with captions, in one image."""

import math
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ..dataset import DatasetInfo
from . import choose
from .pictures import picture
from .samples import Samples

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

TILE = 112  # side of an image on the sheet, pixels
CAPTION = 18  # height of a caption, pixels
GAP = 4
TITLE = 22  # height of a row's title, if it has one
SIZES = (13, 11, 9)  # font sizes of a caption; a title has 14
PAPER, INK = (255, 255, 255), (40, 40, 40)


def classes_sheet(folder: Path) -> Image.Image:
    """Draw view 0 of the first object of every class, in label order, with the class names.

    Raises
    ------
    DatasetError : the dataset is missing or damaged.
    """
    samples = Samples(folder, DatasetInfo.load(folder))
    return sheet([choose.classes(samples)], samples)


def views_sheet(folder: Path) -> Image.Image:
    """Draw the views of the first object, as many as fill one row.

    Raises
    ------
    DatasetError : the dataset is missing or damaged.
    """
    samples = Samples(folder, DatasetInfo.load(folder))
    [row] = choose.views(samples, 1)
    return sheet([choose.Row("", row.samples, row.captions)], samples)


def sheet(rows: Sequence[choose.Row], samples: Samples) -> Image.Image:
    """Draw rows of samples below one another, each under its title if it has one.

    Raises
    ------
    DatasetError : the dataset is damaged.
    """
    recipe = samples.info.recipe
    parts = [grid([picture(s, recipe) for s in row.samples], row.captions, row.title) for row in rows]
    canvas = Image.new("RGB", (max(p.width for p in parts), sum(p.height for p in parts)), PAPER)
    top = 0
    for part in parts:
        canvas.paste(part, (0, top))
        top += part.height
    return canvas


def grid(pictures: Sequence[NDArray[np.uint8]], captions: Sequence[str], title: str = "") -> Image.Image:
    """Draw images (H, W, 3) row by row, each with its caption below."""
    columns, head = min(choose.ACROSS, len(pictures)), TITLE if title else 0
    rows = math.ceil(len(pictures) / columns)
    title, font = _shortened(title, (14,), choose.ACROSS * (TILE + GAP) - GAP)
    width = max(columns * (TILE + GAP) + GAP, math.ceil(font.getlength(title)) + 2 * GAP)
    canvas = Image.new("RGB", (width, rows * (TILE + CAPTION + GAP) + GAP + head), PAPER)
    draw = ImageDraw.Draw(canvas)
    draw.text((GAP, GAP + head / 2), title, INK, font, anchor="lm")
    for i, (pixels, caption) in enumerate(zip(pictures, captions, strict=True)):
        left, top = GAP + i % columns * (TILE + GAP), GAP + head + i // columns * (TILE + CAPTION + GAP)
        canvas.paste(Image.fromarray(pixels).resize((TILE, TILE), Image.Resampling.LANCZOS), (left, top))
        words, font = _shortened(caption, SIZES, TILE)
        draw.text((left + TILE / 2, top + TILE + CAPTION / 2), words, INK, font, anchor="mm")
    return canvas


def _shortened(text: str, sizes: Sequence[int], width: int) -> tuple[str, Font]:
    """Fit a text on one line of `width` pixels: in the largest font size that fits, else cut at the smallest size.

    A class's name comes from a list of meshes and may contain anything, even newlines.
    """
    text = " ".join("".join(" " if unicodedata.category(c) in _UNSEEN else c for c in text).split())
    end = "…"
    if _dejavu(sizes[0]) is None:
        text, end = text.replace("\N{MINUS SIGN}", "-"), "..."
    fonts = [_dejavu(size) or ImageFont.load_default(size) for size in sizes]
    for font in fonts:
        if font.getlength(text) <= width:
            return text, font
    smallest = fonts[-1]
    # the longest prefix that leaves room for the end
    kept = (
        bisect_right(range(len(text)), width, key=lambda n: math.ceil(smallest.getlength(text[:n].rstrip() + end))) - 1
    )
    return text[:kept].rstrip() + end, smallest


_UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}  # Unicode categories without a visible character


@cache
def _dejavu(size: int) -> ImageFont.FreeTypeFont | None:
    """Load the font that comes with matplotlib; Pillow's own font lacks the minus sign and most accents."""
    try:
        import matplotlib as mpl

        return ImageFont.truetype(f"{mpl.get_data_path()}/fonts/ttf/DejaVuSans.ttf", size)
    except (ImportError, OSError):  # matplotlib is missing, or its distribution keeps fonts elsewhere
        return None
