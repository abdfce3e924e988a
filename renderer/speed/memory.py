"""Memory of one rendering process over many objects: it must not grow.

    python -m iebench.renderer.speed.memory        # 500 built-in objects, one view of 32 pixels each

For comparison, a second process replaces objects like 3DIEBench's generator: it removes the object, but not its data.
"""

import multiprocessing
import os
from dataclasses import replace
from pathlib import Path
from unittest import mock

from pebble import ProcessPool

from iebench.manifests.latents import draw_all
from iebench.manifests.recipe import load
from iebench.manifests.taxonomy import classes
from iebench.renderer.sources.builtin import Builtin

OBJECTS, EVERY = 500, 100


def resident_mb() -> float:
    """Return the resident memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def measure(free: bool) -> list[float]:
    """Return the resident memory in MB after the first object and after every 100 further objects.

    free : True to free objects as iebench does, False to remove only the object
    """
    quiet = os.open(os.devnull, os.O_WRONLY)  # Blender writes to the C library's standard output
    os.dup2(quiet, 1)
    import bpy

    from iebench.renderer.blender import blender

    recipe = replace(load(), resolution=32)
    renderer = blender.BlenderRenderer(recipe, recipe.quality["fast"], "cpu", 2)
    if not free:
        mock.patch.object(blender, "free_assets", lambda thing: bpy.data.objects.remove(thing)).start()  # noqa: PLW0108  bpy.data is replaced
    readings = []
    for count, ref in enumerate(Builtin(None).objects(classes(), 10)[: OBJECTS + 1]):
        renderer.load(ref)
        latents = draw_all(recipe, 0, ref.synset, ref.object_id, 1)
        renderer.render({name: values[0] for name, values in latents.items()})
        if count % EVERY == 0:
            readings.append(resident_mb())
    return readings


if __name__ == "__main__":
    print("objects                ", *(f"{n:6d}" for n in range(0, OBJECTS + 1, EVERY)))  # noqa: T201
    for name, free in (("iebench, MB", True), ("object only, MB", False)):
        with ProcessPool(1, context=multiprocessing.get_context("spawn")) as pool:
            print(f"{name:23}", *(f"{mb:6.0f}" for mb in pool.schedule(measure, [free]).result()))  # noqa: T201
