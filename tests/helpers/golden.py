"""Mean colours of regions of a few views: the stored reference for the look of each Blender series.

    python tests/helpers/golden.py        # writes renderer/golden/SERIES.toml for the Blender of this Python

Run it again only if a change of the look is intended, and inspect the pictures first.
"""

import tempfile
import tomllib
from pathlib import Path

import numpy as np
import shapenet_like
import shapenet_real
from paths import TESTS

from iebench.manifests.taxonomy import choose
from iebench.renderer.sources import ObjectRef
from iebench.renderer.sources.builtin import Builtin

FOLDER = TESTS / "renderer" / "golden"
SIZE = 64
OBJECTS = ("mug", "car", "chair", "bus", "vase", "cabinet", *shapenet_real.NAMES)  # three built-in, then OBJ files
WRITERS = {name: writer.write for writer in (shapenet_like, shapenet_real) for name in writer.NAMES}
LATENTS = ("rot_x", "rot_y", "rot_z", "floor_hue", "light_theta", "light_phi", "light_hue")


def refs(folder: Path) -> dict[str, ObjectRef]:
    """Return the objects; their OBJ files are written to `folder`."""
    objects = {}
    for name in OBJECTS:
        if name in WRITERS:
            mesh = str(WRITERS[name](folder, name))
            objects[name] = ObjectRef("golden", name, name, 0, "train", mesh, folder=str(folder / name))
        else:
            objects[name] = Builtin(None).objects(choose(name), 1)[0]
    return objects


def latents(name: str) -> dict[str, float]:
    """Return pose, hues and light of an object's view, spread over their ranges by the golden ratio."""
    start = OBJECTS.index(name)
    parts = [(0.37 + 0.618034 * (start + 1) * (i + 1)) % 1 for i in range(len(LATENTS))]
    scale = {"floor_hue": (0, 1), "light_hue": (0, 1), "light_theta": (0, 0.785398), "light_phi": (0, 6.283185)}
    span = [scale.get(factor, (-1.570796, 1.570796)) for factor in LATENTS]
    return {f: low + (high - low) * part for f, (low, high), part in zip(LATENTS, span, parts, strict=True)}


def regions(picture: np.ndarray) -> dict[str, list[float]]:
    """Return mean colours of a (64, 64, 3) view: upper and lower corners, the object's disc, the ground around it."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    distance = np.hypot(rows - 31.5, columns - 31.5)
    low = rows >= SIZE // 2
    masks = {
        "upper corners": (distance > 32) & ~low,
        "lower corners": (distance > 32) & low,
        "disc": distance < 17.5,
        "ground": (distance >= 17.5) & (distance <= 32) & low,
    }
    return {name: [round(float(c), 2) for c in picture[mask].mean(0)] for name, mask in masks.items()}


def stored(series: str) -> dict[str, dict[str, list[float]]] | None:
    """Return object -> region -> mean colour, as stored for a series such as "4.5"; None if no file is stored."""
    path = FOLDER / f"{series}.toml"
    return tomllib.loads(path.read_text()) if path.is_file() else None


def main() -> None:
    """Write the file for this Python's Blender, and the views beside it for inspection (do not commit the views)."""
    from dataclasses import replace

    import bpy
    from PIL import Image

    from iebench.manifests.recipe import load
    from iebench.renderer.blender.blender import BlenderRenderer

    recipe = replace(load(), resolution=SIZE)
    renderer = BlenderRenderer(recipe, recipe.quality["fast"], "cpu", 2)
    text, pictures = "", []
    with tempfile.TemporaryDirectory() as folder:
        for name, ref in refs(Path(folder)).items():
            renderer.load(ref)
            pictures.append(renderer.render(latents(name)))
            lines = [f'"{region}" = {color}' for region, color in regions(pictures[-1]).items()]
            text += "\n".join([f"[{name}]", *lines, "", ""])
    series = ".".join(map(str, bpy.app.version[:2]))
    (FOLDER / f"{series}.toml").write_text(text.rstrip() + "\n")
    Image.fromarray(np.concatenate(pictures, 1)).save(Path(tempfile.gettempdir()) / f"golden-{series}.png")


if __name__ == "__main__":
    main()
