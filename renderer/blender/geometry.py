"""What each pixel's centre sees, from a second, one-sample render of the same objects."""

import bpy
import numpy as np
import OpenEXR
from numpy.typing import NDArray

from .controls import Handles
from .interface import Geometry
from .scene import set_window
from .zones import Window

FAINT = 1 / 512  # a surface of this opacity moves a pixel by less than half a level
OBJECT = 1  # the object's number in the pass that tells objects apart; everything else has 0


class GeometryScene:
    """A copy of the current scene that renders positions, normals and object numbers instead of light."""

    def __init__(self, file: str, keep: bool) -> None:
        """Make it.

        file : where its renders go, an EXR
        keep : whether Cycles keeps the object's data from one render to the next, which saves time and takes memory
        """
        self._file = file
        self._scene = scene = bpy.context.scene.copy()
        scene.use_fake_user = True  # else freeing an object's data frees this scene too
        scene.render.filepath = file
        _multilayer_exr(scene.render.image_settings)
        scene.world = None  # no light is looked at
        for thing in [thing for thing in scene.objects if thing.type == "LIGHT"]:
            scene.collection.objects.unlink(thing)
        self._layer = layer = scene.view_layers[0]
        layer.use_pass_position = layer.use_pass_normal = layer.use_pass_object_index = True
        scene.render.use_persistent_data = keep
        scene.cycles.samples, scene.cycles.use_adaptive_sampling, scene.cycles.use_denoising = 1, False, False
        scene.cycles.pixel_filter_type, scene.cycles.filter_width = "BOX", 0.01  # the centre of each pixel
        scene.cycles.max_bounces = 0

    def render(self, handles: Handles) -> Geometry:
        """The geometry of the view that the controls have set."""
        channels = self._channels(handles)
        position, normal = (_stack(channels, name) for name in ("Position", "Normal"))
        camera = np.array(self._scene.camera.matrix_world, np.float64)
        return Geometry(
            position=position,
            normal=normal,
            hit=np.linalg.norm(normal, axis=-1) > 0.5,
            object=_index(channels) == OBJECT,
            to_object=np.linalg.inv(np.array(handles.object.matrix_world, np.float64)),
            eye=camera[:3, 3],
            forward=-camera[:3, 2],
        )

    def covers(self, handles: Handles, size: int, window: Window) -> bool:
        """True if the object covers the centre of a pixel in that view, be it ever so faintly.

        size : of the picture whose pixels are meant; window : where in it the object is
        """
        layer, usual = self._layer, self._scene.render.resolution_x
        opaque = layer.pass_alpha_threshold
        set_window(self._scene, size, window)
        layer.pass_alpha_threshold = FAINT
        layer.use_pass_position = layer.use_pass_normal = False
        try:
            return bool((_index(self._channels(handles)) == OBJECT).any())
        finally:
            set_window(self._scene, usual, None)
            layer.pass_alpha_threshold = opaque
            layer.use_pass_position = layer.use_pass_normal = True

    def _channels(self, handles: Handles) -> dict[str, NDArray[np.float32]]:
        """Channels of a render of the view, by pass and component."""
        if handles.object.name not in self._scene.collection.objects:
            self._scene.collection.objects.link(handles.object)
            handles.object.pass_index = OBJECT
        bpy.ops.render.render(write_still=True, scene=self._scene.name)
        with OpenEXR.File(self._file, separate_channels=True) as file:
            # Blender 4 writes one part with all channels, Blender 5 a part for each pass
            parts = [part.channels for part in file.parts]
            return {name.partition(".")[2]: c.pixels for part in parts for name, c in part.items()}


def _multilayer_exr(settings: bpy.types.ImageFormatSettings) -> None:
    if hasattr(settings, "media_type"):  # Blender 5 asks for the kind of file first
        settings.media_type = "MULTI_LAYER_IMAGE"
    settings.file_format = "OPEN_EXR_MULTILAYER"
    settings.color_depth = "32"
    settings.exr_codec = "NONE"


def _stack(channels: dict[str, NDArray[np.float32]], name: str) -> NDArray[np.float64]:
    return np.stack([channels[f"{name}.{axis}"] for axis in "XYZ"], axis=-1).astype(np.float64)


def _index(channels: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    (name,) = (name for name in channels if name.endswith(".X") and "Index" in name)
    return channels[name]
