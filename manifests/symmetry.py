"""Rotational symmetries of an object: poses that look the same, and rotation errors that take them into account.

R and R s give the same image for every s in the object's symmetry group G. Therefore R1^-1 R2 and s^-1 R1^-1 R2 t
cannot be distinguished (s, t in G). A table has two groups for each object: of its shape, and of its shape and colour.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from .conventions import quaternion_product
from .dataset import read_table
from .errors import DatasetError, InvalidValue
from .schema import COLOUR_DIFFERENCE, COLOUR_PREFIX, GROUP

Array = NDArray[np.float64]
Kind = Literal["finite", "axial", "sphere"]

TABLE = "symmetry.parquet"
COLUMNS = pa.schema(
    [
        ("synset", pa.string()), ("object_id", pa.string()), *GROUP,
        *((f"{COLOUR_PREFIX}{name}", kind) for name, kind in GROUP), (COLOUR_DIFFERENCE, pa.float64()),
    ]
)  # fmt: skip
"""One row per object whose mesh was analysed; docs/reference/format.md explains the columns."""

DEGREES = 180 / np.pi
STEPS = 72  # rotations that represent a continuous symmetry, one every 5 degrees


@dataclass(frozen=True)
class Symmetry:
    """The rotations about the origin of the object frame that map a shape onto itself.

    kind : "finite", all rotations are in `quaternions`; "axial", any rotation about `axis`; "sphere", every rotation
    quaternions : (n, 4) scalar last, the identity first; only the identity for the other kinds
    axis : (3,) unit vector of an axial symmetry, object frame
    flips : True if an axial shape also maps onto itself upside down, like a cylinder and unlike a cone
    """

    kind: Kind
    quaternions: Array
    axis: Array | None = None
    flips: bool = False

    @staticmethod
    def none() -> "Symmetry":
        """Return the group that contains only the identity."""
        return Symmetry("finite", np.array([[0.0, 0.0, 0.0, 1.0]]))

    def error(self, truth: Rotation, estimate: Rotation) -> Array:
        """Return the smallest angle between `estimate` rotations R12 and any that look like `truth`: (n,) degrees.

        The minimum is over all s^-1 R12 t with s and t in the group. For an axis a, these are the rotations that tilt a
        by the same angle as R12, so only an error of that angle counts.
        """
        if self.kind == "sphere":
            return np.zeros(len(truth))
        if self.axis is not None:
            true_tilt, estimated_tilt = (_tilt(rotation, self.axis) for rotation in (truth, estimate))
            error = np.abs(true_tilt - estimated_tilt)
            least: Array = np.minimum(error, np.abs(np.pi - true_tilt - estimated_tilt)) if self.flips else error
            return least * DEGREES
        best = np.full(len(truth), np.inf)
        group = Rotation.from_quat(self.quaternions)
        for left in group:
            turned = (left.inv() * truth).inv() * estimate  # angle between s^-1 R t and F is that of t^-1 (s^-1 R)^-1 F
            cosines = np.abs(turned.as_quat() @ self.quaternions.T)  # half the angle to each t
            best = np.minimum(best, 2 * np.arccos(np.clip(cosines.max(1), 0.0, 1.0)))
        return best * DEGREES

    def distance(self, truth: Array, poses: Array) -> Array:
        """Return the smallest angle between poses (n, 4) and any that looks like a true one (4,): (n,) degrees.

        Quaternions are of unit length. About an axis the nearest rotation leaves only the part of the turn that is
        across it (its swing).
        """
        if self.kind == "sphere":
            return np.zeros(len(poses))
        rotations = quaternion_product(truth * np.array([-1.0, -1.0, -1.0, 1.0]), poses)
        if self.axis is None:
            half = np.abs(rotations @ self.quaternions.T).max(1)
        else:
            along = rotations[:, :3] @ self.axis
            twist = along**2 + rotations[:, 3] ** 2
            half = np.sqrt(np.maximum(twist, 1 - twist) if self.flips else twist)
        angle: Array = 2 * np.arccos(np.clip(half, 0.0, 1.0)) * DEGREES
        return angle

    def elements(self, steps: int = STEPS) -> Rotation:
        """Return the group as a list of rotations, the identity first; a continuous rotation is sampled.

        steps : number of rotations that represent a continuous one, equally spaced

        Raises
        ------
        ValueError : the group of a sphere, which no list represents.
        """
        if self.kind == "sphere":
            raise ValueError("every rotation is a symmetry of a sphere")
        if self.axis is None:
            return Rotation.from_quat(self.quaternions)
        turns = Rotation.from_rotvec(np.arange(steps)[:, None] * (2 * np.pi / steps) * self.axis)
        if not self.flips:
            return turns
        across = np.cross(self.axis, np.eye(3)[np.argmin(np.abs(self.axis))])
        flip = Rotation.from_rotvec(np.pi * across / np.linalg.norm(across))
        return Rotation.concatenate([turns, turns * flip])

    def row(self) -> dict[str, object]:
        """Return the group's columns of the table."""
        axis = [None] * 3 if self.axis is None else self.axis.tolist()
        return {
            "kind": self.kind, "order": len(self.quaternions) if self.kind == "finite" else None,
            **dict(zip(("axis_x", "axis_y", "axis_z"), axis, strict=True)), "flips": self.flips,
            "quaternions": self.quaternions.ravel().tolist(),
        }  # fmt: skip


def _tilt(rotation: Rotation, axis: Array) -> Array:
    """Return the angle by which rotations move an axis, in radians: (n,)."""
    moved = rotation.apply(axis)
    # half-angle form: exact near 0 and near pi
    tilt: Array = 2 * np.arctan2(np.linalg.norm(moved - axis, axis=1), np.linalg.norm(moved + axis, axis=1))
    return tilt


def named(prefix: str, row: Mapping[str, object]) -> dict[str, object]:
    """Put a prefix before the names of a row's columns."""
    return {f"{prefix}{name}": value for name, value in row.items()}


def read(folder: Path, prefix: str = "") -> Mapping[tuple[str, str], Symmetry] | None:
    """Read the symmetries of a dataset's objects by (synset, object id); None if they were not analysed.

    prefix : "" for symmetries of the shape, COLOUR_PREFIX for those of shape and colour

    Raises
    ------
    DatasetError : the table is damaged.
    """
    path = folder / TABLE
    if not path.is_file():
        return None
    symmetries = {}
    for whole in read_table(path, COLUMNS).to_pylist():
        row = {**whole, **{name: whole[f"{prefix}{name}"] for name, _ in GROUP}}
        if row["kind"] is not None:
            try:
                symmetries[row["synset"], row["object_id"]] = _of_row(row)
            except InvalidValue as error:
                name = f"{row['synset']}/{row['object_id']}"
                raise DatasetError(
                    f"{path} is damaged ({name!a:.100} {error}): restore it or run `iebench symmetry` again"
                ) from error
    return symmetries if symmetries or not prefix else None


def _of_row(row: Mapping[str, Any]) -> Symmetry:
    """Return the symmetry in a row of the table.

    Raises
    ------
    InvalidValue : the row holds no valid group; the message is a clause that gives the reason.
    """
    if row["kind"] not in get_args(Kind):
        raise InvalidValue(f"has the kind {row['kind']!a:.40}, not {', '.join(get_args(Kind))}")
    numbers = np.array(row["quaternions"] or [], np.float64)
    if not numbers.size or numbers.size % 4 or not np.allclose(np.linalg.norm(numbers.reshape(-1, 4), axis=1), 1):
        raise InvalidValue("has quaternions that are not of unit length")
    if row["kind"] != "axial":
        return Symmetry(row["kind"], numbers.reshape(-1, 4))
    axis = np.array([row["axis_x"], row["axis_y"], row["axis_z"]], np.float64)  # nulls become NaN
    if not np.isclose(np.linalg.norm(axis), 1):
        raise InvalidValue("has an axis that is not a unit vector")
    return Symmetry(row["kind"], numbers.reshape(-1, 4), axis, bool(row["flips"]))
