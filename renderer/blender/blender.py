"""The renderer that makes datasets: it implements `interface.py` with Blender's Cycles."""

import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from iebench.manifests.recipe import Quality, Recipe

from ..errors import AssetError, DiskError
from ..machine.worker_number import take_worker_number
from ..sources import ObjectRef
from .assets import free_assets, load_asset, see_through
from .controls.wiring import bind, quality_for
from .devices import use_device
from .geometry import GeometryScene
from .interface import Geometry, MeshInfo
from .scene import build_scene, set_quality, set_window
from .zones import WIDEST, Window, enlarged, ground_size, joined, window_of

COVERAGE = 128  # pixels: smallest image width at which an object's coverage is tested
TINY = 4  # pixels: about the smallest image that Blender renders


class BlenderRenderer:
    """One Blender scene in this process. Do not import this module in a process that may fork afterwards."""

    def __init__(self, recipe: Recipe, quality: Quality, device: str, threads: int) -> None:
        self.quality = quality = quality_for(recipe, quality)
        self._size = recipe.resolution
        self._near_quality = quality  # for the part of the image that shows the object
        self._handles = build_scene(recipe, quality)
        preferences = bpy.context.preferences.addons["cycles"].preferences
        self._device = use_device(
            device, bpy.context.scene.cycles, preferences, 0 if device == "cpu" else take_worker_number()
        )
        self._apply = bind(recipe)
        bpy.context.scene.render.threads_mode = "FIXED"
        bpy.context.scene.render.threads = threads
        self._folder = tempfile.TemporaryDirectory(prefix="iebench-")
        self._file = Path(self._folder.name) / "view.tga"
        bpy.context.scene.render.filepath = str(self._file)
        self._geometry = GeometryScene(str(self._file.with_suffix(".exr")), keep=bool(recipe.passes))
        bpy.ops.render.render()  # an empty scene, so that libraries start their threads before the first view

    def about(self) -> dict[str, str]:
        return {"name": "Blender", "version": bpy.app.version_string, "device": self._device}

    def load(self, ref: ObjectRef) -> MeshInfo:
        free_assets(self._things())
        self._handles.object, self._handles.companions = None, []
        try:
            self._handles.object, info = load_asset(ref, self._handles.scene.materials)
            others = [self._companion(other) for other in ref.companions]
        except AssetError:
            bpy.data.orphans_purge(do_local_ids=True, do_linked_ids=True, do_recursive=True)
            raise
        self._handles.object.parent = self._handles.pivot
        # The denoiser takes its guides (albedo, normals) as exact, so their noise stays in the image. Behind a
        # transparent face they are as noisy as the image. Filtering them first gains 3 dB in the object's disc
        # (duplicated glass panes, 256 pixels).
        noisy = self.quality.prefilter == "NONE" and any(map(see_through, self._things()))
        self._near_quality = replace(self.quality, prefilter="ACCURATE") if noisy else self.quality
        return replace(info, companions=tuple(others))

    def _companion(self, ref: ObjectRef) -> str:
        """Load a further object of the scene; return its name and its mesh's SHA-256."""
        try:
            thing, info = load_asset(ref, self._handles.scene.materials)
        except AssetError as error:
            raise AssetError(f"the object beside it cannot be rendered: {error}") from error
        self._handles.companions.append(thing)
        return f"{ref.synset}/{ref.object_id} {info.sha256}"

    def _things(self) -> list[bpy.types.Object]:
        """Return the loaded objects: the object and its companions."""
        return [thing for thing in (self._handles.object, *self._handles.companions) if thing is not None]

    def arrange(self, latents: Mapping[str, float]) -> bpy.types.Object:
        """Apply a view's latents to the scene; return the object."""
        self._apply(self._handles, latents)
        return self._handles.object

    def render(self, latents: Mapping[str, float]) -> NDArray[np.uint8]:
        self.arrange(latents)
        quality, size = self.quality, self._size
        if not quality.ground_samples:
            return self._picture(self._near_quality)
        window = self._window(size, self._things())
        if window is not None and window.area > WIDEST * size**2:
            return self._picture(self._near_quality)
        # The image with the most samples is rendered first: Cycles' tables of random numbers grow with the number of
        # samples and sometimes shrink, so an image with fewer samples depends on the render before it.
        near = self._picture(self._near_quality, size, window) if window else self._picture(quality, TINY)
        few = replace(
            quality,
            samples=quality.ground_samples,
            min_samples=quality.ground_samples,
            sampling_pattern=quality.ground_pattern or quality.sampling_pattern,
        )
        ground = enlarged(self._picture(few, ground_size(size)), size)
        return joined(ground, near, window) if window else ground

    def _window(self, size: int, things: Sequence[bpy.types.Object]) -> Window | None:
        """Return the window of some objects in an image of `size` pixels."""
        bpy.context.view_layer.update()
        camera, seen = bpy.context.scene.camera, []
        for thing in things:
            points = np.empty(3 * len(thing.data.vertices), np.float32)
            thing.data.vertices.foreach_get("co", points)
            to_camera = np.array(camera.matrix_world.inverted() @ thing.matrix_world)
            seen.append(points.reshape(-1, 3) @ to_camera[:3, :3].T + to_camera[:3, 3])
        return window_of(np.concatenate(seen), math.tan(self._handles.field_of_view / 2), size)

    def _picture(self, quality: Quality, size: int | None = None, window: Window | None = None) -> NDArray[np.uint8]:
        """Render the scene as it stands, or a window of it: (h, w, 3)."""
        set_quality(quality)
        set_window(bpy.context.scene, size or self._size, window)
        self._file.unlink(missing_ok=True)  # the image of an earlier view must never be read as this view's image
        bpy.ops.render.render(write_still=True)
        set_window(bpy.context.scene, self._size, None)
        try:
            with Image.open(self._file) as image:
                return np.asarray(image.convert("RGB"))
        except OSError as error:  # a fault of the machine, not of the object
            raise DiskError(
                f"Blender could not write {self._file}: make space for temporary files, or set TMPDIR to another "
                "folder, and run the same command again"
            ) from error

    def geometry(self, latents: Mapping[str, float]) -> Geometry:
        self.arrange(latents)
        return self._geometry.render(self._handles)

    def covers(self, latents: Mapping[str, float]) -> bool:
        self.arrange(latents)
        size = max(self._size, COVERAGE)
        window = self._window(size, [self._handles.object])
        return window is not None and self._geometry.covers(self._handles, size, window)
