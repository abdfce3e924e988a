"""The main path of `iebench view`: find a sample, optionally render it again, describe it, draw it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from iebench.manifests.common.files import write_atomic
from iebench.manifests.common.machine import cores
from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.laws import support
from iebench.manifests.pages.figures import INK, png, styled
from iebench.manifests.reading.boxes import boxes
from iebench.manifests.reading.pictures import Pixels, as_rgb, decode, flow_in_colour, motion, picture, raw
from iebench.manifests.reading.samples import Sample, Samples
from iebench.manifests.reading.words import value_in_words
from iebench.manifests.recipe import Recipe

from ..errors import AssetError, DatasetError
from .charts import BAR
from .rerender import Origin, Repeat, render_again

SIDE = 3.3  # inches, side of an image
COLUMNS = 3  # most images in a row
AMPLIFIED = 8  # factor by which differences are amplified


@dataclass(frozen=True)
class Panel:
    """An image (h, w, 3) uint8, RGB, or a pass with one number per pixel, (h, w), and its title."""

    title: str
    pixels: NDArray[Any]
    smooth: bool = False


def view(folder: Path, key: str, out: Path, rerender: bool, origin: Origin, device: str) -> list[str]:
    """Draw the sample with a key into the PNG file `out`; return its description in lines of text.

    rerender : True to render the sample again and show both
    origin, device : source files and device of the second rendering; device as for `iebench render`

    Raises
    ------
    UnknownName : the key is unknown; the message suggests similar keys.
    DatasetError : the dataset is missing, unfinished or damaged.
    AssetError : the sample cannot be rendered again.
    """
    info = DatasetInfo.load(folder)
    sample = Samples(folder, info).find(key)
    stored, row = picture(sample, info.recipe), sample.row
    title = f"{sample.key}: {row['class_name']} {row['object_id']}, view {row['view']}, {row['split']}"
    lines = [f"{title}, in {sample.tar}", *_latents(sample, info.recipe)]
    panels = [Panel("stored", stored, smooth=True)]
    if rerender:
        renderer, [repeat] = render_again([sample], info, origin, device, cores())
        if repeat.cause:
            raise AssetError(f"{key} cannot be rendered again: {repeat.cause}")
        panels += _compared(stored, repeat, info.recipe)
        lines.append(f"rendered again with {' '.join(renderer.values())}: {_verdict(repeat)}")
    if "boxes" in info.recipe.passes:
        lines += _boxes(sample)
    for name in info.recipe.pass_files:
        if name == "flow":
            panels.append(Panel("flow to the next view", flow_in_colour(motion(sample.read(name))[0])))
        elif name != "boxes":
            panels.append(Panel(name, raw(sample.read(name))))
    with styled():
        write_atomic(out, png(_figure(title, panels, sample, info.recipe)))
    return lines


def _boxes(sample: Sample) -> list[str]:
    """Describe the boxes in the picture, one line for each object of the scene.

    Raises
    ------
    DatasetError : the pass is damaged.
    """
    try:
        stored = boxes(sample.read("boxes"))
    except DatasetError as error:
        raise DatasetError(f"{sample.folder / sample.tar}: {sample.key}.boxes.json {error}: restore the tar") from error
    lines = []
    for number, own in enumerate((stored, *stored.others), start=1):
        visible, whole = (
            "none" if box is None else " ".join(f"{edge:.1f}" for edge in box) for box in (own.visible, own.whole)
        )
        of = f" of object {number}" if stored.others else ""
        lines.append(f"  boxes{of} (left, top, right, bottom in pixels): visible {visible}; whole {whole}")
    return lines


def _latents(sample: Sample, recipe: Recipe) -> list[str]:
    """Return name, value, unit and law of each latent."""
    return [
        f"  {f.name:12} {value_in_words(sample.row[f.name], f.unit):>10}  {sample.row[f.name]:9.5f} {f.unit:4}  "
        f"{f.in_words}; {f.frame}"
        for f in recipe.factors
    ]  # fmt: skip


def _compared(stored: Pixels, repeat: Repeat, recipe: Recipe) -> list[Panel]:
    new = as_rgb(decode(repeat.picture), recipe)
    difference = np.clip(128 + AMPLIFIED * (new.astype(int) - stored), 0, 255).astype(np.uint8)
    return [
        Panel("rendered again", new, smooth=True),
        Panel(f"difference × {AMPLIFIED}: {_verdict(repeat)}", difference),
    ]


def _verdict(repeat: Repeat) -> str:
    return "the same bytes" if repeat.same else f"{repeat.psnr:.1f} dB PSNR"


def _figure(title: str, panels: Sequence[Panel], sample: Sample, recipe: Recipe) -> Figure:
    rows = -(-len(panels) // COLUMNS)
    columns = -(-len(panels) // rows)
    figure = Figure(figsize=(columns * SIDE + 4.4, rows * SIDE + 0.5), layout="constrained")
    figure.suptitle(title, fontsize=11)
    grid = figure.add_gridspec(rows, columns + 1, width_ratios=[*[SIDE] * columns, 4.2])
    for index, panel in enumerate(panels):
        axes = figure.add_subplot(grid[index // columns, index % columns])
        axes.imshow(panel.pixels, cmap="gray", interpolation="lanczos" if panel.smooth else "nearest")
        axes.set_title(panel.title, fontsize=10)
        axes.set_axis_off()
    _scales(figure.add_subplot(grid[:, -1]), sample, recipe)
    return figure


def _scales(axes: Axes, sample: Sample, recipe: Recipe) -> None:
    """Draw a scale per latent, from its law's lowest to its highest value, with the sample's value marked on it."""
    for index, factor in enumerate(recipe.factors):
        low, high = support(factor.law)
        value = sample.row[factor.name]
        axes.plot([0, 1], [-index, -index], color=INK, linewidth=1, alpha=0.5, solid_capstyle="butt")
        share = (value - low) / (high - low) if high > low else 0.5
        axes.plot([share], [-index], "o", color=BAR, markersize=8, clip_on=False)
        axes.text(-0.06, -index, factor.name, ha="right", va="center", fontsize=10)
        axes.text(1.06, -index, value_in_words(value, factor.unit), ha="left", va="center", fontsize=10)
        for x, bound in ((0, low), (1, high)):
            axes.text(
                x, -index - 0.22, value_in_words(bound, factor.unit), ha="center", va="top", fontsize=7, alpha=0.7
            )
    axes.set_xlim(-0.55, 1.45)
    axes.set_ylim(-len(recipe.factors) + 0.3, 0.6)
    axes.set_axis_off()
