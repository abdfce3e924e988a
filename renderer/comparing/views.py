"""Views that both renderers render: meshes and latents, and the images of iebench's renderer."""

import multiprocessing
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pebble import ProcessPool

from iebench.manifests.common.machine import cores
from iebench.manifests.latents import draw_all
from iebench.manifests.recipe import Recipe

from ..sources import ObjectRef

Picture = NDArray[np.uint8]  # (h, w, 3), RGB


@dataclass(frozen=True)
class Job:
    """A mesh file and the latents of its views, one dictionary by factor name per view."""

    mesh: Path
    views: tuple[dict[str, float], ...]

    @property
    def folder(self) -> Path:
        """Folder of the object's files; in ShapeNet, textures lie beside the mesh's folder."""
        return self.mesh.parent.parent if self.mesh.stem == "model_normalized" else self.mesh.parent

    @property
    def name(self) -> str:
        """Name of the object: the mesh file's name, or, as all files of ShapeNet have one name, its folder's name."""
        return self.folder.name if self.mesh.stem == "model_normalized" else self.mesh.stem

    def ref(self, normalise: bool = False) -> ObjectRef:
        """Return the object for a renderer, with its textures."""
        return ObjectRef(
            "parity", self.name, "", 0, "train", str(self.mesh), folder=str(self.folder), normalise=normalise
        )

    def table(self, folder: Path) -> dict[str, Any]:
        """Return the job for a script without iebench: each view's latents by control, and its output file."""
        views = [
            {
                "rotation": [view["rot_x"], view["rot_y"], view["rot_z"]],
                "floor": view["floor_hue"],
                "spot": [view["light_theta"], view["light_phi"], view["light_hue"]],
                "file": str(folder / f"{self.name}-{i}.png"),
            }
            for i, view in enumerate(self.views)
        ]
        return {"mesh": str(self.mesh), "views": views}


def jobs(recipe: Recipe, meshes: Sequence[Path], views: int, seed: int) -> list[Job]:
    """Return views with latents drawn from the recipe's laws; they depend only on mesh name and seed."""
    batch = []
    for mesh in meshes:
        job = Job(mesh.resolve(), ())
        table = draw_all(recipe, seed, "parity", job.name, views)
        rows = [{name: float(values[i]) for name, values in table.items()} for i in range(views)]
        batch.append(Job(job.mesh, tuple(rows)))
    return batch


def render_ours(recipe: Recipe, quality: str, todo: Sequence[Job]) -> list[Picture]:
    """Render all views of all jobs, in order, with iebench's renderer in a separate process."""
    with ProcessPool(1, context=multiprocessing.get_context("spawn")) as pool:
        pictures: list[Picture] = pool.schedule(_render, args=[recipe, quality, list(todo)]).result()
    return pictures


def _render(recipe: Recipe, quality: str, todo: list[Job]) -> list[Picture]:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # silences Blender, which writes to the C library's standard output
    from ..blender.blender import BlenderRenderer

    renderer = BlenderRenderer(recipe, recipe.quality[quality], "cpu", cores())
    pictures = []
    for job in todo:
        renderer.load(job.ref())
        pictures += [renderer.render(view) for view in job.views]
    return pictures
