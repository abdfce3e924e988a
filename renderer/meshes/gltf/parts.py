"""A glTF primitive as plain arrays: triangles for every mode, with morphing, skinning and instancing applied."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iebench.manifests.errors import InvalidValue

from ..shared.colors import in_range
from .arrays import Array, Json, Reader

Floats = NDArray[np.float64]
TRIANGLES, STRIP, FAN = 4, 5, 6


@dataclass(frozen=True)
class Part:
    """Triangles with the attributes of their vertices.

    points : (n, 3); normals : (n, 3), or None; triangles : (m, 3)
    others : texture coordinates (n, 2) and colours (n, 3 or 4), by attribute name
    joints, weights : (n, k), or None
    """

    points: Floats
    normals: Floats | None
    triangles: NDArray[np.uint32]
    others: dict[str, NDArray[np.float32]]
    joints: NDArray[np.int64] | None
    weights: Floats | None
    material: int | None
    notes: list[str] = field(default_factory=list)


def read_part(name: str, primitive: Json, reader: Reader, morph: Sequence[float]) -> Part | str:
    """Read a primitive and add its weighted morph targets; if it is left out, return a note with the reason.

    morph : weight of each morph target

    Raises
    ------
    InvalidValue : it refers to a missing entry, or its attributes have different lengths.
    """
    attributes, mode = primitive.get("attributes", {}), primitive.get("mode", TRIANGLES)
    if mode not in (TRIANGLES, STRIP, FAN):
        return "points or lines are left out"
    if "POSITION" not in attributes:
        return "a primitive without positions is left out"
    points = reader.array(attributes["POSITION"]).astype(np.float64)
    normals = reader.array(attributes["NORMAL"]).astype(np.float64) if "NORMAL" in attributes else None
    for target, weight in zip(primitive.get("targets", []), morph, strict=False):
        points = points + weight * _delta(reader, target, "POSITION", points)
        normals = None if normals is None else normals + weight * _delta(reader, target, "NORMAL", normals)
    indices = reader.array(primitive["indices"])[:, 0].astype(np.int64) if "indices" in primitive else None
    triangles = _triangles(np.arange(len(points)) if indices is None else indices, mode)
    if triangles.size and triangles.max() >= len(points):
        raise InvalidValue("it has faces that use vertices which it does not have")
    notes: list[str] = []
    others = {
        key: _bounded(name, key, reader.array(number), notes)
        for key, number in attributes.items()
        if key.startswith(("TEXCOORD_", "COLOR_"))
    }
    joints = _sets(reader, attributes, "JOINTS_")
    weights = _sets(reader, attributes, "WEIGHTS_")
    for column in (normals, joints, weights, *others.values()):
        if column is not None and len(column) != len(points):
            raise InvalidValue("its vertex attributes have different lengths")
    part = Part(points, normals, triangles, others, joints, weights, primitive.get("material"), notes)
    return _compact(part)


def skinned(part: Part, joints: Floats) -> Part:
    """Apply a skin to a part; joints : (j, 4, 4), from the bind pose to the scene."""
    if part.joints is None or part.weights is None:
        return part
    if part.joints.max(initial=0) >= len(joints):
        raise InvalidValue("it has vertices bound to joints that their skin lacks")
    total = part.weights.sum(axis=1, keepdims=True)
    shares = np.where(total > 0, part.weights / np.where(total > 0, total, 1), 0)
    matrices = np.where(total[..., None] > 0, 0, np.eye(4))
    for share, joint in zip(shares.T, part.joints.T, strict=True):
        matrices = matrices + share[:, None, None] * joints[joint]
    points = np.einsum("nij,nj->ni", matrices[:, :3, :3], part.points) + matrices[:, :3, 3]
    normals = None if part.normals is None else np.einsum("nij,nj->ni", matrices[:, :3, :3], part.normals)
    return replace(part, points=points, normals=normals)


def repeated(part: Part, copies: Floats) -> Part:
    """Repeat a part once for each matrix (k, 4, 4)."""
    moved = np.einsum("kij,nj->kni", copies[:, :3, :3], part.points) + copies[:, None, :3, 3]
    normals = part.normals
    if normals is not None:
        across = np.linalg.pinv(copies[:, :3, :3]).transpose(0, 2, 1)
        normals = np.einsum("kij,nj->kni", across, normals).reshape(-1, 3)
    starts = (np.arange(len(copies)) * len(part.points))[:, None, None]
    mirrored = np.linalg.det(copies[:, :3, :3]) < 0
    triangles = np.where(mirrored[:, None, None], part.triangles[:, ::-1], part.triangles) + starts
    others = {key: np.tile(values, (len(copies), 1)) for key, values in part.others.items()}
    return replace(
        part, points=moved.reshape(-1, 3), normals=normals, triangles=triangles.reshape(-1, 3).astype(np.uint32),
        others=others,
    )  # fmt: skip


def _delta(reader: Reader, target: Json, attribute: str, like: Floats) -> Floats:
    """Return the offsets that a morph target adds to an attribute."""
    if attribute not in target:
        return np.zeros_like(like)
    delta = reader.array(target[attribute]).astype(np.float64)
    if delta.shape != like.shape:
        raise InvalidValue("it has a morph target of another number of vertices than its mesh")
    return delta


def _triangles(corners: NDArray[np.int64], mode: int) -> NDArray[np.uint32]:
    """Return the triangles (m, 3) of a list, strip or fan; strips and fans lose triangles with a repeated corner."""
    if mode == TRIANGLES:
        triangles = corners[: len(corners) // 3 * 3].reshape(-1, 3)
    else:
        i = np.arange(max(len(corners) - 2, 0))
        odd = i % 2
        offsets = (i, i + 1 + odd, i + 2 - odd) if mode == STRIP else (0 * i, i + 1, i + 2)
        triangles = corners[np.stack(offsets, axis=1)]
        a, b, c = triangles.T
        triangles = triangles[(a != b) & (b != c) & (c != a)]
    return triangles.astype(np.uint32)


def _bounded(name: str, key: str, values: Array, notes: list[str]) -> NDArray[np.float32]:
    """Return texture coordinates unchanged, and colours moved into [0, 1]."""
    if key.startswith("COLOR_"):
        colors, note = in_range(values[:, :3].astype(np.float64), name, "vertex colours")
        notes += [note] if note else []
        alpha = np.clip(values[:, 3:] / (255 if values[:, 3:].max(initial=0) > 1 else 1), 0, 1)
        values = np.hstack([colors, alpha])
    return values.astype(np.float32)


def _sets(reader: Reader, attributes: Json, prefix: str) -> Any:
    """Return the joints or weights of all k sets side by side, (n, 4 k); None if there are none."""
    keys = sorted(key for key in attributes if key.startswith(prefix))
    arrays = [reader.array(attributes[key]) for key in keys]
    if not arrays:
        return None
    return np.hstack(arrays).astype(np.int64 if prefix == "JOINTS_" else np.float64)


def _compact(part: Part) -> Part:
    """Remove vertices without a triangle: they are not drawn, but would enlarge the bounding box."""
    used, renumbered = np.unique(part.triangles, return_inverse=True)
    if len(used) == len(part.points):
        return part

    def kept(values: Any) -> Any:
        return None if values is None else values[used]

    return replace(
        part,
        points=part.points[used],
        normals=kept(part.normals),
        triangles=renumbered.reshape(-1, 3).astype(np.uint32),
        others={key: values[used] for key, values in part.others.items()},
        joints=kept(part.joints),
        weights=kept(part.weights),
    )
