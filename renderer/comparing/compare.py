"""Similarity of two images of one view: over the whole image, in the object's disc, and on plain ground."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import maximum_filter, minimum_filter, uniform_filter

from .views import Job, Picture

DISC = 70 / 256  # radius of the object's disc about the centre, as a share of the image's width
Pixels = NDArray[np.uint8] | NDArray[np.float64]  # (h, w, 3), RGB, 0 .. 255; float64 for means of images
BOX = 7 / 256  # width of the boxes in which plain ground is compared, as a share of the image's width
PLAIN = 6  # levels of 255: ground is plain if the reference varies by at most this over three boxes


@dataclass(frozen=True)
class Similarity:
    """Measures of similarity, in units of 1/255 except the PSNRs; ground : see `largest_on_ground`."""

    psnr: float
    psnr_disc: float
    mean: float
    largest: int
    ground: float


def disc(size: int) -> NDArray[np.bool_]:
    """Return the mask (size, size) of the pixels that contain most of the object."""
    rows, columns = np.ogrid[:size, :size]
    distance = np.hypot(rows - size / 2 + 0.5, columns - size / 2 + 0.5)
    return np.asarray(distance < DISC * size)


def psnr(ours: Pixels, reference: Pixels) -> float:
    """Return the peak signal-to-noise ratio in dB, at most 99 for equal images."""
    error = float(np.mean((ours.astype(float) - reference) ** 2))
    return 99.0 if error == 0 else 10 * np.log10(255**2 / error)


def compare(ours: Picture, reference: Picture) -> Similarity:
    """Measure the similarity of two images of one view; the plain ground is that of `reference`."""
    inside = disc(len(ours))
    difference = np.abs(ours.astype(float) - reference)
    return Similarity(
        psnr(ours, reference),
        psnr(ours[inside], reference[inside]),
        float(difference.mean()),
        int(difference.max()),
        largest_on_ground(ours, reference),
    )


def largest_on_ground(ours: Pixels, reference: Pixels) -> float:
    """Return the largest difference of box means on plain ground, away from every edge, in 1/255."""
    size = len(ours)
    box = max(3, round(BOX * size) | 1)
    window = (3 * box, 3 * box, 1)
    spread = maximum_filter(reference, window).astype(float) - minimum_filter(reference, window)
    plain = (spread.max(-1) <= PLAIN) & ~disc(size)
    plain[:box] = plain[-box:] = plain[:, :box] = plain[:, -box:] = False  # the image's border is an edge
    means = [uniform_filter(picture.astype(float), (box, box, 0)) for picture in (ours, reference)]
    return float(np.abs(means[0] - means[1])[plain].max(initial=0))


def report(names: Sequence[str], similarities: Sequence[Similarity]) -> str:
    """Return a table with one line per view and the least favourable values last."""
    lines = [f"{'view':24} {'PSNR dB':>8} {'in disc':>8} {'mean':>6} {'largest':>8} {'ground':>7}"]
    for name, like in [*zip(names, similarities, strict=True), ("worst", worst(similarities))]:
        lines.append(
            f"{name:24} {like.psnr:8.2f} {like.psnr_disc:8.2f} {like.mean:6.2f} {like.largest:8d} {like.ground:7.2f}"
        )
    return "\n".join(lines)


def worst(similarities: Sequence[Similarity]) -> Similarity:
    """Return the least favourable value of each measure."""
    return Similarity(
        min(x.psnr for x in similarities),
        min(x.psnr_disc for x in similarities),
        max(x.mean for x in similarities),
        max(x.largest for x in similarities),
        max(x.ground for x in similarities),
    )


def show(todo: Sequence[Job], ours: Sequence[Picture], references: Sequence[Picture], sheets: Path | None) -> None:
    """Print the table; `sheets` : folder for one PNG per mesh, named after the mesh.

    A sheet has a row for each view: our image, their image, and eight times the difference on grey.
    """
    names = [f"{job.name} {i}" for job in todo for i in range(len(job.views))]
    click.echo(report(names, [compare(a, b) for a, b in zip(ours, references, strict=True)]))
    if sheets is None:
        return
    sheets.mkdir(parents=True, exist_ok=True)
    rows = iter([_row(a, b) for a, b in zip(ours, references, strict=True)])
    for job in todo:
        Image.fromarray(np.concatenate([next(rows) for _ in job.views])).save(sheets / f"{job.name}.png")


def _row(ours: Picture, reference: Picture) -> Picture:
    difference = np.clip(128 + 8 * (ours.astype(int) - reference), 0, 255).astype(np.uint8)
    return np.concatenate([ours, reference, difference], axis=1)
