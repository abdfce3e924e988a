"""The interface of a renderer, implemented by Blender and by the fake renderer."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from iebench.manifests.recipe import Quality, Recipe
from iebench.manifests.text.plain_text import cleaned

from ..errors import AssetError
from ..meshes.shared.report import Report
from ..sources import ObjectRef

BLENDER = "iebench.renderer.blender.blender:BlenderRenderer"
FAKE = "iebench.renderer.blender.fake:FakeRenderer"
BACKENDS = {"Blender": BLENDER, "fake": FAKE}
"""Classes by the renderer's name in dataset.json."""


@dataclass(frozen=True)
class MeshInfo:
    """Information about an object's mesh.

    sha256 : SHA-256 of the mesh file, or of a built-in object's parts
    faces : number of faces that Blender renders, 0 before the import
    status : "ok" or "texture missing"
    materials : number of materials in Blender; textures : number of different usable images
    missing : textures and material libraries that could not be used, by their names in the file
    doubles : number of faces removed because an earlier face has the same corners; None for a built-in object
    notes : deviations from the content of the file, one sentence each
    report : result of the inspection; None for a built-in object
    companions : the other objects of the scene, "SYNSET/OBJECT_ID SHA-256" each
    """

    sha256: str
    faces: int
    status: str
    materials: int = 0
    textures: int = 0
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    doubles: int | None = None
    report: Report | None = None
    companions: tuple[str, ...] = ()

    def inspection(self) -> dict[str, Any]:
        """Return the columns of objects.parquet that describe the mesh."""
        columns = asdict(self.report) if self.report else {}
        sizes = dict(zip(("extent_x", "extent_y", "extent_z"), columns.pop("extent", ()), strict=False))
        return {
            "materials": self.materials,
            "textures": self.textures,
            "missing": "\n".join(map(cleaned, self.missing)),
            "notes": "\n".join(map(cleaned, self.notes)),
            "doubles": self.doubles,
            "companions": "\n".join(self.companions) or None,
            **columns,
            **sizes,
        }


class RefusedMesh(AssetError):
    """An object that cannot be rendered, with the information about its mesh."""

    def __init__(self, cause: str, info: MeshInfo) -> None:
        super().__init__(cause)
        self.info = info

    def __reduce__(self) -> tuple[type["RefusedMesh"], tuple[str, MeshInfo]]:
        return type(self), (str(self), self.info)  # by default only the message would be pickled, without `info`


@dataclass(frozen=True)
class Body:
    """A further object of the scene.

    seen : (h, w) bool, True where it is seen
    to_object, vertices : as those of `Geometry`
    """

    seen: NDArray[np.bool_]
    to_object: NDArray[np.float64]
    vertices: NDArray[np.float64]


@dataclass(frozen=True)
class Geometry:
    """Geometry at the centre of each pixel.

    position, normal : (h, w, 3) float64, world frame; point on the surface, and unit shading normal there
    hit : (h, w) bool, True where a surface is seen; object : (h, w) bool, True where it is the object
    to_object : (4, 4) float64, world to object frame before scale, translation and rotation
    eye, forward : (3,) float64, world frame; position of the camera and unit vector of its viewing direction
    world_to_camera : (4, 4) float64; camera frame of OpenCV: x to the right, y down, z forward
    intrinsics : (3, 3) float64, pixels from the image's top left corner
    vertices : (n, 3) float64, object frame; corners of the object's faces
    companions : the other objects of the scene
    """

    position: NDArray[np.float64]
    normal: NDArray[np.float64]
    hit: NDArray[np.bool_]
    object: NDArray[np.bool_]
    to_object: NDArray[np.float64]
    eye: NDArray[np.float64]
    forward: NDArray[np.float64]
    world_to_camera: NDArray[np.float64]
    intrinsics: NDArray[np.float64]
    vertices: NDArray[np.float64]
    companions: tuple[Body, ...] = ()


class Renderer(Protocol):
    """Loads one object at a time and renders views of it; created once in each worker process."""

    def __init__(self, recipe: Recipe, quality: Quality, device: str, threads: int) -> None:
        """Build the scene without an object.

        Raises
        ------
        DeviceError : the named device is not available.
        """

    def about(self) -> dict[str, str]:
        """Return name, version and device, for dataset.json."""

    def load(self, ref: ObjectRef) -> MeshInfo:
        """Load an object, and its companions, into the scene in place of the previous ones, centred, at rotation zero.

        Raises
        ------
        AssetError : the object or a companion cannot be rendered.
        """

    def render(self, latents: Mapping[str, float]) -> NDArray[np.uint8]:
        """Render one view: (resolution, resolution, 3) uint8, RGB."""

    def geometry(self, latents: Mapping[str, float]) -> Geometry:
        """Return the geometry of the same view."""

    def covers(self, latents: Mapping[str, float]) -> bool:
        """True if any part of the object is visible in the same view, even if it is less than half opaque."""
