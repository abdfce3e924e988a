"""Passes: additional facts of a view, stored as a PNG, as JSON or as columns. One decorated function per pass.

README.md of `manifests/` states the frame and unit of each pass.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from iebench.manifests.installed.registry import Registry
from iebench.manifests.reading.boxes import Boxes, rounded
from iebench.manifests.reading.pictures import DEPTH_STEPS, FLOW_STEPS, FLOW_ZERO, mask_level
from iebench.manifests.schema import COLUMNS_OF_PASSES, files_among, member_suffix

from .interface import Body, Geometry

SEEN_WITHIN = 0.01  # units: a point is seen in the next view if the surface there is nearer or farther by at most this

Pixels = NDArray[np.uint8] | NDArray[np.uint16]
Columns = dict[str, list[float]]
Pass = Callable[[Geometry, Geometry], Pixels | Boxes | Columns]
PASSES: Registry[Pass] = Registry("pass")


def stored_pass(function: Pass) -> Pass:
    """Register a pass under the function's name; it takes the geometry of a view and that of the object's next view."""
    return PASSES.register(function.__name__)(function)


def encode_passes(geometry: Geometry, following: Geometry, names: Sequence[str]) -> dict[str, bytes]:
    """Encode those of the named passes that are files, by the suffix of their member in the sample.

    following : geometry of the object's next view
    """
    contents = {name: PASSES[name](geometry, following) for name in files_among(names)}
    return {member_suffix(name): _encoded(item) for name, item in contents.items() if not isinstance(item, dict)}


def measure_passes(geometry: Geometry, names: Sequence[str]) -> Columns:
    """Return the columns of those of the named passes that are numbers."""
    tables = [PASSES[name](geometry, geometry) for name in names if name in COLUMNS_OF_PASSES]
    return {column: value for table in tables if isinstance(table, dict) for column, value in table.items()}


@stored_pass
def boxes(geometry: Geometry, _: Geometry) -> Boxes:
    """Camera, pose, and boxes of the object and of its companions, visible and whole."""
    target = Body(geometry.object, geometry.to_object, geometry.vertices)
    others = tuple(_boxes(geometry, body) for body in geometry.companions)
    return replace(_boxes(geometry, target), others=others)


def _boxes(geometry: Geometry, body: Body) -> Boxes:
    object_to_camera = geometry.world_to_camera @ np.linalg.inv(body.to_object)
    rows, columns = np.nonzero(body.seen)
    visible = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1] if len(rows) else None
    seen = body.vertices @ object_to_camera[:3, :3].T + object_to_camera[:3, 3]
    whole = None
    if (seen[:, 2] > 0).all():  # a point behind the camera has no projection
        pixels = (seen / seen[:, 2:]) @ geometry.intrinsics[:2].T
        whole = np.concatenate([pixels.min(0), pixels.max(0)])
    return Boxes(
        geometry.intrinsics,
        geometry.world_to_camera,
        object_to_camera,
        body.vertices.min(0),
        body.vertices.max(0),
        None if visible is None else np.array(visible, np.float64),
        whole,
    )


@stored_pass
def camera(geometry: Geometry, _: Geometry) -> Columns:
    """Matrices of the camera, row by row: its intrinsics (3 x 3) and the transform from the world to it (4 x 4)."""
    return {
        "camera_intrinsics": rounded(geometry.intrinsics).ravel().tolist(),
        "world_to_camera": rounded(geometry.world_to_camera).ravel().tolist(),
    }


@stored_pass
def depth(geometry: Geometry, _: Geometry) -> Pixels:
    """Distance along the camera's axis in steps of 1 / DEPTH_STEPS: (h, w) uint16; 65535 for 8 units or more."""
    distance = (geometry.position - geometry.eye) @ geometry.forward
    steps = np.where(geometry.hit, np.round(distance * DEPTH_STEPS), 65535)
    return np.clip(steps, 0, 65535).astype(np.uint16)


@stored_pass
def flow(geometry: Geometry, following: Geometry) -> Pixels:
    """Motion of the object's points to the object's next view: (3 h, w) uint16, three images one below another.

    Motion to the right and motion down, in steps of 1 / FLOW_STEPS of a pixel from FLOW_ZERO on; then 2 where the next
    view shows the point, 1 where it is hidden there or outside the image. All three are 0 off the object.
    """
    points = geometry.position @ geometry.to_object[:3, :3].T + geometry.to_object[:3, 3]
    pose = following.world_to_camera @ np.linalg.inv(following.to_object)
    moved = points @ pose[:3, :3].T + pose[:3, 3]
    places = _projected(moved, following)
    motion = places - _projected(_in_camera(geometry), geometry)
    levels = np.round(np.where(geometry.object[..., None], motion, 0.0) * FLOW_STEPS) + FLOW_ZERO
    known = geometry.object & (moved[..., 2] > 0) & ((levels > 0) & (levels < 2**16)).all(-1)
    seen = known & _shown(places, moved[..., 2], following, known)
    planes = [*np.where(known[..., None], levels, 0).transpose(2, 0, 1), known + seen.astype(int)]
    images: NDArray[np.uint16] = np.concatenate(planes).astype(np.uint16)
    return images


def _shown(
    places: NDArray[np.float64], depths: NDArray[np.float64], geometry: Geometry, where: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return where a view shows points of the object: (h, w).

    places : (h, w, 2) pixels; depths : (h, w) along the camera's axis; where : (h, w) False for points to leave out
    """
    size = len(geometry.object)
    columns, rows = np.floor(np.where(where[..., None], places, -1.0)).astype(np.int64).transpose(2, 0, 1)
    inside = (np.minimum(columns, rows) >= 0) & (np.maximum(columns, rows) < size)
    columns, rows = np.clip(columns, 0, size - 1), np.clip(rows, 0, size - 1)
    near = np.abs(_in_camera(geometry)[rows, columns, 2] - depths) <= SEEN_WITHIN
    shown: NDArray[np.bool_] = inside & geometry.object[rows, columns] & near
    return shown


def _in_camera(geometry: Geometry) -> NDArray[np.float64]:
    """Return the pixels' points in the camera's frame: (h, w, 3)."""
    points: NDArray[np.float64] = geometry.position @ geometry.world_to_camera[:3, :3].T
    return points + geometry.world_to_camera[:3, 3]


def _projected(points: NDArray[np.float64], geometry: Geometry) -> NDArray[np.float64]:
    """Return the pixels, to the right and down, of points (..., 3) in the camera's frame: (..., 2)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        pixels: NDArray[np.float64] = points @ geometry.intrinsics[:2].T / points[..., 2:]
    return pixels


@stored_pass
def mask(geometry: Geometry, _: Geometry) -> Pixels:
    """Mask of the pixels whose centre sees an object: (h, w) uint8; levels as `pictures.mask_level` gives them."""
    levels = np.where(geometry.object, mask_level(0), 0)
    for number, body in enumerate(geometry.companions, start=1):
        levels[body.seen] = mask_level(number)
    return levels.astype(np.uint8)


@stored_pass
def normal(geometry: Geometry, _: Geometry) -> Pixels:
    """Unit normal in the world frame as 127.5 (n + 1): (h, w, 3) uint8; black where no surface is seen."""
    return _in_unit_cube((geometry.normal + 1) / 2, geometry.hit)


@stored_pass
def nocs(geometry: Geometry, _: Geometry) -> Pixels:
    """Point on the object in its own frame before any motion, as 255 (p + 0.5): (h, w, 3) uint8; black elsewhere."""
    points = geometry.position @ geometry.to_object[:3, :3].T + geometry.to_object[:3, 3]
    return _in_unit_cube(points + 0.5, geometry.object)


def _in_unit_cube(values: NDArray[np.float64], where: NDArray[np.bool_]) -> Pixels:
    levels: NDArray[np.uint8] = np.round(255 * np.clip(np.where(where[..., None], values, 0.0), 0.0, 1.0)).astype(
        np.uint8
    )
    return levels


def _encoded(content: Pixels | Boxes) -> bytes:
    return content.encode() if isinstance(content, Boxes) else _png(content)


def _png(pixels: Pixels) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()
