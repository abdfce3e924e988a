"""PSNR of wrong pictures, for the thresholds of `iebench verify --rerender` (renderer/proof/repeat.py).

    python -m iebench.renderer.speed.similarity        # 12 built-in objects, 4 views of 96 pixels each, fast, seed 0

It compares the stored JPEG of a view with three wrong JPEGs: another view of the object, the same view with the object
turned by one degree, and the same JPEG saved again.
"""

import io
import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from math import radians
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from iebench.manifests.latents import draw_all
from iebench.manifests.reading.pictures import decode, peak_signal_to_noise
from iebench.manifests.recipe import load
from iebench.manifests.taxonomy import classes
from iebench.renderer.sources.builtin import Builtin

from ..workers.worker import encode

if TYPE_CHECKING:
    from ..blender.blender import BlenderRenderer

CLASSES, VIEWS, SEED, QUALITY = 12, 4, 0, 90
RECIPE = replace(load(), resolution=96)


def pairs(renderer: "BlenderRenderer") -> Iterator[tuple[str, float]]:
    """Yield the kind of a wrong picture and its PSNR in dB, for every view."""
    for ref in Builtin(None).objects(classes()[:: len(classes()) // CLASSES][:CLASSES], 1):
        renderer.load(ref)
        drawn = draw_all(RECIPE, SEED, ref.synset, ref.object_id, VIEWS)
        views = [{name: float(values[view]) for name, values in drawn.items()} for view in range(VIEWS)]
        pictures = [decode(encode(renderer.render(view), RECIPE)) for view in views]
        yield from (("another view", peak_signal_to_noise(a, b)) for a, b in combinations(pictures, 2))
        for view, picture in zip(views, pictures, strict=True):
            turned = renderer.render({**view, "rot_z": view["rot_z"] + radians(1)})
            yield "turned by one degree", peak_signal_to_noise(picture, decode(encode(turned, RECIPE)))
            buffer = io.BytesIO()
            Image.fromarray(np.asarray(picture)).save(buffer, "JPEG", quality=QUALITY)
            yield f"saved again at quality {QUALITY}", peak_signal_to_noise(picture, decode(buffer.getvalue()))


if __name__ == "__main__":
    screen = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # Blender writes to the C library's standard output
    from ..blender.blender import BlenderRenderer

    decibels: dict[str, list[float]] = {}
    for kind, value in pairs(BlenderRenderer(RECIPE, RECIPE.quality["fast"], "cpu", 1)):
        decibels.setdefault(kind, []).append(value)
    for kind, values in decibels.items():
        print(f"{kind}: {len(values)} pictures, median {median(values):.1f} dB, most {max(values):.1f}", file=screen)
