"""What a renderer is: the one interface behind which Blender and the fake renderer stand."""

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
"""By the name that a renderer gives itself in dataset.json."""


@dataclass(frozen=True)
class MeshInfo:
    """What is known of an object's mesh.

    sha256 : of the mesh file, or of a built-in object's parts
    faces : how many Blender renders, 0 while it has none
    status : "ok" or "texture missing"
    materials : how many Blender gave it; textures : different images that were found good
    missing : textures and material libraries that could not be used, as the file names them
    doubles : faces left out since an earlier one has the same corners; None for a built-in object
    notes : what was changed or taken otherwise than the file has it, one sentence each
    report : what the inspection found; None for a built-in object
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

    def inspection(self) -> dict[str, Any]:
        """The columns of objects.parquet that say how the mesh is."""
        found = asdict(self.report) if self.report else {}
        sizes = dict(zip(("extent_x", "extent_y", "extent_z"), found.pop("extent", ()), strict=False))
        return {
            "materials": self.materials,
            "textures": self.textures,
            "missing": "\n".join(map(cleaned, self.missing)),
            "notes": "\n".join(map(cleaned, self.notes)),
            "doubles": self.doubles,
            **found,
            **sizes,
        }


class RefusedMesh(AssetError):
    """An object that cannot be rendered, with what is known of its mesh."""

    def __init__(self, cause: str, info: MeshInfo) -> None:
        super().__init__(cause)
        self.info = info

    def __reduce__(self) -> tuple[type["RefusedMesh"], tuple[str, MeshInfo]]:
        return type(self), (str(self), self.info)  # else it pickles as its message alone, which does not make one


@dataclass(frozen=True)
class Geometry:
    """What each pixel's centre sees.

    position, normal : (h, w, 3) float64, world frame; a place on a surface, and the unit normal there as it is shaded
    hit : (h, w) bool, whether anything is seen; object : (h, w) bool, whether it is the object
    to_object : (4, 4) float64, world to object frame before translation and rotation
    eye, forward : (3,) float64, world frame; the camera's place and the unit vector it looks along
    """

    position: NDArray[np.float64]
    normal: NDArray[np.float64]
    hit: NDArray[np.bool_]
    object: NDArray[np.bool_]
    to_object: NDArray[np.float64]
    eye: NDArray[np.float64]
    forward: NDArray[np.float64]


class Renderer(Protocol):
    """Loads one object at a time and renders views of it; made once in each worker process."""

    def __init__(self, recipe: Recipe, quality: Quality, device: str, threads: int) -> None:
        """Build the scene without an object.

        Raises
        ------
        DeviceError : the device was asked for by name and is not there.
        """

    def about(self) -> dict[str, str]:
        """Name, version and device, for dataset.json."""

    def load(self, ref: ObjectRef) -> MeshInfo:
        """Put an object into the scene in place of the last one, centred, at rotation zero.

        Raises
        ------
        AssetError : it cannot be rendered as it is.
        """

    def render(self, latents: Mapping[str, float]) -> NDArray[np.uint8]:
        """One view: (resolution, resolution, 3) uint8, RGB."""

    def geometry(self, latents: Mapping[str, float]) -> Geometry:
        """What is seen in the same view."""

    def covers(self, latents: Mapping[str, float]) -> bool:
        """True if anything of the object is in the same view, be it less than half opaque."""
