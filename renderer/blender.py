"""The renderer that makes datasets: Blender's Cycles behind the interface of `backend.py`."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from iebench.manifests.recipe import Quality, Recipe

from .assets import free_assets, load_asset
from .backend import Geometry, MeshInfo
from .controls import bind
from .devices import use_device
from .errors import AssetError, DiskError
from .geometry import GeometryScene
from .place import take_place
from .scene import build_scene
from .sources import ObjectRef


class BlenderRenderer:
    """One Blender scene in this process. Not to be imported where a fork may follow."""

    def __init__(self, recipe: Recipe, quality: Quality, device: str, threads: int) -> None:
        self._handles = build_scene(recipe, quality)
        preferences = bpy.context.preferences.addons["cycles"].preferences
        self._device = use_device(device, bpy.context.scene.cycles, preferences, 0 if device == "cpu" else take_place())
        self._apply = bind(recipe)
        bpy.context.scene.render.threads_mode = "FIXED"
        bpy.context.scene.render.threads = threads
        self._folder = tempfile.TemporaryDirectory(prefix="iebench-")
        self._file = Path(self._folder.name) / "view.tga"
        bpy.context.scene.render.filepath = str(self._file)
        self._geometry = GeometryScene(str(self._file.with_suffix(".exr"))) if recipe.passes else None
        bpy.ops.render.render()  # the empty scene: now, and not at the first view, libraries start their threads

    def about(self) -> dict[str, str]:
        return {"name": "Blender", "version": bpy.app.version_string, "device": self._device}

    def load(self, ref: ObjectRef) -> MeshInfo:
        if self._handles.object is not None:
            free_assets(self._handles.object)
            self._handles.object = None
        try:
            self._handles.object, info = load_asset(ref)
        except AssetError:
            bpy.data.orphans_purge(do_local_ids=True, do_linked_ids=True, do_recursive=True)
            raise
        self._handles.object.parent = self._handles.pivot
        return info

    def arrange(self, latents: Mapping[str, float]) -> bpy.types.Object:
        """Put a view's latents into the scene; returns the object."""
        self._apply(self._handles, latents)
        return self._handles.object

    def render(self, latents: Mapping[str, float]) -> NDArray[np.uint8]:
        self.arrange(latents)
        self._file.unlink(missing_ok=True)  # an old picture must never pass for this view's
        bpy.ops.render.render(write_still=True)
        try:
            with Image.open(self._file) as image:
                return np.asarray(image.convert("RGB"))
        except OSError as error:  # no object's fault
            raise DiskError(
                f"Blender could not write {self._file}: make space for temporary files, or set TMPDIR to another "
                "folder, and run the same command again"
            ) from error

    def geometry(self, latents: Mapping[str, float]) -> Geometry:
        if self._geometry is None:
            raise ValueError("made for a recipe without passes")
        self._apply(self._handles, latents)
        return self._geometry.render(self._handles)
