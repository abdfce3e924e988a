"""Geometry at the centre of each pixel, from a second, one-sample render of the same objects."""

import bpy
import numpy as np
import OpenEXR
from numpy.typing import NDArray

from .controls.control import Handles
from .interface import Body, Geometry
from .scene import set_window
from .zones import Window

FAINT = 1 / 512  # a surface of this opacity changes a pixel by less than half a level
OBJECT = 1  # the object's index in the object index pass; its companions have the next ones, everything else 0


class GeometryScene:
    """A copy of the current scene that renders positions, normals and object indices instead of light."""

    def __init__(self, file: str, keep: bool) -> None:
        """Make the copy.

        file : path of its renders, an EXR
        keep : True if Cycles keeps the object's data between renders, which saves time and takes memory
        """
        self._file = file
        self._scene = scene = bpy.context.scene.copy()
        scene.use_fake_user = True  # otherwise freeing an object's data frees this scene too
        scene.render.filepath = file
        _multilayer_exr(scene.render.image_settings)
        scene.world = None  # light is not needed
        for thing in [thing for thing in scene.objects if thing.type == "LIGHT"]:
            scene.collection.objects.unlink(thing)
        self._layer = layer = scene.view_layers[0]
        layer.use_pass_position = layer.use_pass_normal = layer.use_pass_object_index = True
        scene.render.use_persistent_data = keep
        scene.cycles.samples, scene.cycles.use_adaptive_sampling, scene.cycles.use_denoising = 1, False, False
        scene.cycles.pixel_filter_type, scene.cycles.filter_width = "BOX", 0.01  # samples the centre of each pixel
        scene.cycles.max_bounces = 0

    def render(self, handles: Handles) -> Geometry:
        """Render the geometry of the view that the controls have set."""
        channels = self._channels(handles)
        position, normal = (_stack(channels, name) for name in ("Position", "Normal"))
        camera, index = np.array(self._scene.camera.matrix_world, np.float64), np.round(_index(channels))
        return Geometry(
            position=position,
            normal=normal,
            hit=np.linalg.norm(normal, axis=-1) > 0.5,
            object=index == OBJECT,
            to_object=_to_object(handles.object),
            eye=camera[:3, 3],
            forward=-camera[:3, 2],
            world_to_camera=np.diag([1.0, -1.0, -1.0, 1.0]) @ np.linalg.inv(camera),
            intrinsics=self._intrinsics(),
            vertices=_vertices(handles.object.data),
            companions=tuple(
                Body(index == number, _to_object(thing), _vertices(thing.data))
                for number, thing in enumerate(handles.companions, start=OBJECT + 1)
            ),
        )

    def _intrinsics(self) -> NDArray[np.float64]:
        """Return the camera's matrix K of a square image, (3, 3), in pixels."""
        size = self._scene.render.resolution_x
        focal = size / 2 / np.tan(self._scene.camera.data.angle / 2)
        return np.array([[focal, 0.0, size / 2], [0.0, focal, size / 2], [0.0, 0.0, 1.0]])

    def covers(self, handles: Handles, size: int, window: Window) -> bool:
        """True if the object covers the centre of at least one pixel in the current view, however transparent it is.

        size : width of the image in pixels; window : part of the image that contains the object
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
        """Render the view; return its channels by pass and component."""
        for number, thing in enumerate((handles.object, *handles.companions), start=OBJECT):
            if thing.name not in self._scene.collection.objects:
                self._scene.collection.objects.link(thing)
                thing.pass_index = number
        bpy.ops.render.render(write_still=True, scene=self._scene.name)
        with OpenEXR.File(self._file, separate_channels=True) as file:
            # Blender 4 writes one part with all channels, Blender 5 one part per pass
            parts = [part.channels for part in file.parts]
            return {name.partition(".")[2]: c.pixels for part in parts for name, c in part.items()}


def _to_object(thing: bpy.types.Object) -> NDArray[np.float64]:
    return np.linalg.inv(np.array(thing.matrix_world, np.float64))


def _vertices(mesh: bpy.types.Mesh) -> NDArray[np.float64]:
    """Return the corners of a mesh's faces, (n, 3); a loose vertex is not drawn and is left out."""
    points, corners = np.empty(3 * len(mesh.vertices), np.float32), np.empty(len(mesh.loops), np.int32)
    mesh.vertices.foreach_get("co", points)
    mesh.loops.foreach_get("vertex_index", corners)
    drawn = np.zeros(len(mesh.vertices), bool)
    drawn[corners] = True
    kept: NDArray[np.float64] = points.reshape(-1, 3)[drawn].astype(np.float64)
    return kept


def _multilayer_exr(settings: bpy.types.ImageFormatSettings) -> None:
    if hasattr(settings, "media_type"):  # Blender 5 needs the kind of file first
        settings.media_type = "MULTI_LAYER_IMAGE"
    settings.file_format = "OPEN_EXR_MULTILAYER"
    settings.color_depth = "32"
    settings.exr_codec = "NONE"


def _stack(channels: dict[str, NDArray[np.float32]], name: str) -> NDArray[np.float64]:
    return np.stack([channels[f"{name}.{axis}"] for axis in "XYZ"], axis=-1).astype(np.float64)


def _index(channels: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    (name,) = (name for name in channels if name.endswith(".X") and "Index" in name)
    return channels[name]
