"""The passes of a view as arrays, in the units and frames of the README of `manifests/`."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import DatasetError
from ..recipe import Recipe
from .boxes import Boxes, boxes
from .pictures import DEPTH_STEPS, mask_level, motion, points, raw
from .samples import Sample

FAR = 65_535  # level of depths beyond the largest


@dataclass(frozen=True, eq=False)
class Passes:
    """The passes of a view; None for those that the dataset does not store. Images are (H, W) or (H, W, c).

    depth : float32, units along the camera's axis; infinite from 8 units on
    mask : bool, True on the object; masks : (n, ..), the same for each of the scene's n objects, the object first
    normal : (.., 3) float32, shading normal in the world frame, of unit length but for rounding
    nocs : (.., 3) float32, points on the object in its own frame, in [-0.5, 0.5]; NaN off the object
    flow : (.., 2) float32, pixels to the right and down to the object's next view; NaN off the object
    seen_next : bool, True where the next view shows the point
    boxes : camera, pose and boxes of the object, and of the others in the scene
    intrinsics : (3, 3) float64, camera frame to pixels; world_to_camera : (4, 4) float64
    """

    depth: NDArray[np.float32] | None = None
    mask: NDArray[np.bool_] | None = None
    masks: NDArray[np.bool_] | None = None
    normal: NDArray[np.float32] | None = None
    nocs: NDArray[np.float32] | None = None
    flow: NDArray[np.float32] | None = None
    seen_next: NDArray[np.bool_] | None = None
    boxes: Boxes | None = None
    intrinsics: NDArray[np.float64] | None = None
    world_to_camera: NDArray[np.float64] | None = None


def passes_of(sample: Sample, recipe: Recipe) -> Passes:
    """Read all passes of a sample.

    Raises
    ------
    DatasetError : a pass is damaged.
    """
    stored = set(recipe.passes)

    def content(name: str) -> bytes | None:
        return sample.read(name) if name in stored else None

    try:
        depth, mask, normal, nocs, flow = map(content, ("depth", "mask", "normal", "nocs", "flow"))
        moved, seen = (None, None) if flow is None else motion(flow)
        camera = "camera" in stored
        own = content("boxes")
        masks = None if mask is None else np.stack([raw(mask) == mask_level(k) for k in range(recipe.objects)])
        return Passes(
            depth=None if depth is None else distances(depth),
            mask=None if masks is None else masks[0],
            masks=masks,
            normal=None if normal is None else raw(normal) / np.float32(127.5) - np.float32(1),
            nocs=None if nocs is None else points(nocs),
            flow=moved,
            seen_next=seen,
            boxes=None if own is None else boxes(own),
            intrinsics=np.reshape(sample.row["camera_intrinsics"], (3, 3)) if camera else None,
            world_to_camera=np.reshape(sample.row["world_to_camera"], (4, 4)) if camera else None,
        )
    except (OSError, ValueError) as error:
        raise DatasetError(
            f"{sample.folder / sample.tar} is damaged (a pass of {sample.key} cannot be read): restore it, or render "
            "the dataset again"
        ) from error


def distances(depth: bytes) -> NDArray[np.float32]:
    """Decode the pass `depth` to units along the camera's axis: (h, w) float32, infinite from 8 units on.

    Raises
    ------
    OSError : the image does not decode.
    """
    levels = raw(depth)
    return np.where(levels == FAR, np.float32(np.inf), levels.astype(np.float32) / DEPTH_STEPS)
