"""Contact sheets: rows of pictures, each over its caption, in one picture."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ..dataset import DatasetInfo
from . import choose
from .pictures import picture
from .samples import Samples

TILE = 112  # side of a picture on the sheet, pixels
CAPTION = 18  # height of a caption, pixels
GAP = 4
TITLE = 22  # height of a row's title, if it has one
PAPER, INK = (255, 255, 255), (40, 40, 40)


def classes_sheet(folder: Path) -> Image.Image:
    """View 0 of the first object of every class, in label order, with the class names.

    Raises
    ------
    DatasetError : missing or damaged.
    """
    samples = Samples(folder, DatasetInfo.load(folder))
    return sheet([choose.classes(samples)], samples)


def views_sheet(folder: Path) -> Image.Image:
    """The views of the first object, as many as fill one row.

    Raises
    ------
    DatasetError : missing or damaged.
    """
    samples = Samples(folder, DatasetInfo.load(folder))
    [row] = choose.views(samples, 1)
    return sheet([choose.Row("", row.samples, row.captions)], samples)


def sheet(rows: Sequence[choose.Row], samples: Samples) -> Image.Image:
    """Rows of samples below one another, each under its title if it has one.

    Raises
    ------
    DatasetError : damaged.
    """
    recipe = samples.info.recipe
    parts = [grid([picture(s, recipe) for s in row.samples], row.captions, row.title) for row in rows]
    whole = Image.new("RGB", (max(p.width for p in parts), sum(p.height for p in parts)), PAPER)
    top = 0
    for part in parts:
        whole.paste(part, (0, top))
        top += part.height
    return whole


def grid(pictures: Sequence[NDArray[np.uint8]], captions: Sequence[str], title: str = "") -> Image.Image:
    """Pictures (H, W, 3) row by row, each over its caption."""
    columns, head = min(choose.ACROSS, len(pictures)), TITLE if title else 0
    rows = math.ceil(len(pictures) / columns)
    whole = Image.new("RGB", (columns * (TILE + GAP) + GAP, rows * (TILE + CAPTION + GAP) + GAP + head), PAPER)
    draw = ImageDraw.Draw(whole)
    draw.text((GAP, GAP + head / 2), title, INK, ImageFont.load_default(14), anchor="lm")
    for i, (pixels, caption) in enumerate(zip(pictures, captions, strict=True)):
        left, top = GAP + i % columns * (TILE + GAP), GAP + head + i // columns * (TILE + CAPTION + GAP)
        whole.paste(Image.fromarray(pixels).resize((TILE, TILE), Image.Resampling.LANCZOS), (left, top))
        draw.text((left + TILE / 2, top + TILE + CAPTION / 2), caption, INK, _font(draw, caption), anchor="mm")
    return whole


def _font(draw: ImageDraw.ImageDraw, caption: str) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The largest of a few sizes at which a caption fits under its picture."""
    fonts = [ImageFont.load_default(size) for size in (13, 11, 9, 7)]
    return next((font for font in fonts if draw.textlength(caption, font) <= TILE), fonts[-1])
