"""Calls of the process with the real Blender (fixture `blender`), and the look of its pictures."""

from dataclasses import replace

import blender_probe

from iebench.renderer.sources import ObjectRef


def run(pool, function, *args, **kwargs):
    return pool.schedule(function, args=args, kwargs=kwargs).result()


def ref_to(path, normalise=True):
    return ObjectRef("s", "o", "c", 0, "train", str(path), path=path.name, normalise=normalise)


def middle(pool, path):
    """Return a wall's mesh information, and the mean colour of the picture's middle, where the wall is."""
    folder = path.parent.parent if path.parent.name == "models" else path.parent
    info, picture = run(pool, blender_probe.look, replace(ref_to(path), folder=str(folder)))
    return info, picture[28:36, 28:36].reshape(-1, 3).mean(0)


def is_red(color):
    return color[0] > 2 * color[1] and color[0] > 2 * color[2]


def is_magenta(color):
    return color[0] > 1.3 * color[1] and color[2] > 1.3 * color[1]
