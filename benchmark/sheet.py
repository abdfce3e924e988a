"""Contact sheets of a dataset: one picture per class with its name, and the views of one object."""

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from iebench.manifests.schema import SPLITS

from .images import Images

COLUMNS = 11  # 55 classes make five full rows
TILE = 112  # side of a picture on the sheet, pixels
CAPTION = 18  # height of a caption, pixels
PAPER, INK = (255, 255, 255), (40, 40, 40)


def classes_sheet(folder: Path) -> Image.Image:
    """View 0 of the first object of every class, in label order, with the class names.

    Raises
    ------
    DatasetError : missing or damaged.
    """
    found: dict[int, tuple[str, NDArray[np.uint8]]] = {}
    for split in SPLITS:
        images = Images.open(folder, split)
        labels, first = np.unique(images.labels, return_index=True)
        new = ~np.isin(labels, list(found))
        names = images.table["class_name"].take(first[new]).to_pylist()
        pictures = zip(names, images.read(first[new]), strict=True)
        found |= dict(zip(labels[new].tolist(), pictures, strict=True))
    ordered = [found[label] for label in sorted(found)]
    return grid([picture for _, picture in ordered], [name for name, _ in ordered])


def views_sheet(folder: Path) -> Image.Image:
    """The views of the train split's first object, as many as fill one row.

    Raises
    ------
    DatasetError : missing or damaged.
    """
    images = Images.open(folder, "train")
    rows = np.arange(min(images.views_per_object, COLUMNS))
    return grid(list(images.read(rows)), [f"view {view}" for view in rows])


def grid(pictures: list[NDArray[np.uint8]], captions: list[str]) -> Image.Image:
    """Pictures (H, W, 3) row by row, each over its caption."""
    columns = min(COLUMNS, len(pictures))
    rows = math.ceil(len(pictures) / columns)
    sheet = Image.new("RGB", (columns * (TILE + 4) + 4, rows * (TILE + CAPTION + 4) + 4), PAPER)
    draw = ImageDraw.Draw(sheet)
    for i, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        left, top = 4 + i % columns * (TILE + 4), 4 + i // columns * (TILE + CAPTION + 4)
        tile = Image.fromarray(picture).resize((TILE, TILE), Image.Resampling.LANCZOS)
        sheet.paste(tile, (left, top))
        draw.text((left + TILE / 2, top + TILE + CAPTION / 2), caption, INK, _font(draw, caption), anchor="mm")
    return sheet


def _font(draw: ImageDraw.ImageDraw, caption: str) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The largest of a few sizes at which a caption fits under its picture."""
    fonts = [ImageFont.load_default(size) for size in (13, 11, 9, 7)]
    return next((font for font in fonts if draw.textlength(caption, font) <= TILE), fonts[-1])
