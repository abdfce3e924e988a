"""An object's rotational symmetries: which poses look the same, and what an error is worth when they do.

R and R s show the same picture for every s of the object's group G, so R1^-1 R2 and s^-1 R1^-1 R2 t cannot be told
apart. Only shape counts: material and texture may break a symmetry that is listed here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from .dataset import read_table
from .errors import DatasetError, InvalidValue

Array = NDArray[np.float64]
Kind = Literal["finite", "axial", "sphere"]

TABLE = "symmetry.parquet"
COLUMNS = pa.schema(
    [
        ("synset", pa.string()), ("object_id", pa.string()), ("kind", pa.string()), ("order", pa.int32()),
        ("axis_x", pa.float64()), ("axis_y", pa.float64()), ("axis_z", pa.float64()), ("flips", pa.bool_()),
        ("quaternions", pa.list_(pa.float64())), ("residual", pa.float64()), ("cause", pa.string()),
    ]
)  # fmt: skip
"""One row per object whose mesh was looked at; docs/format.md says what the columns mean."""

DEGREES = 180 / np.pi
STEPS = 72  # rotations that stand for a continuous turn where all are needed: one every 5 degrees


@dataclass(frozen=True)
class Symmetry:
    """The rotations about the origin of the object frame that map a shape onto itself.

    kind : "finite", all of them in `quaternions`; "axial", any turn about `axis`; "sphere", every rotation
    quaternions : (n, 4) scalar last, the identity first; of the other kinds only the identity
    axis : (3,) unit vector of an axial one, object frame
    flips : whether an axial one is also its own upside down, as a cylinder is and a cone is not
    """

    kind: Kind
    quaternions: Array
    axis: Array | None = None
    flips: bool = False

    @staticmethod
    def none() -> "Symmetry":
        """Nothing but the identity."""
        return Symmetry("finite", np.array([[0.0, 0.0, 0.0, 1.0]]))

    def error(self, truth: Rotation, found: Rotation) -> Array:
        """The smallest angle, in degrees, from found rotations R12 to one that looks like the true one: (n,).

        Over all s^-1 R12 t with s and t of the group. For an axis a, these are the rotations that turn a by the same
        angle as R12 does, so that angle is all that can be wrong.
        """
        if self.kind == "sphere":
            return np.zeros(len(truth))
        if self.axis is not None:
            wanted, given = (_tilt(rotation, self.axis) for rotation in (truth, found))
            error = np.abs(wanted - given)
            least: Array = np.minimum(error, np.abs(np.pi - wanted - given)) if self.flips else error
            return least * DEGREES
        best = np.full(len(truth), np.inf)
        group = Rotation.from_quat(self.quaternions)
        for left in group:
            turned = (left.inv() * truth).inv() * found  # angle between s^-1 R t and F is that of t^-1 (s^-1 R)^-1 F
            cosines = np.abs(turned.as_quat() @ self.quaternions.T)  # half the angle to each t
            best = np.minimum(best, 2 * np.arccos(np.clip(cosines.max(1), 0.0, 1.0)))
        return best * DEGREES

    def elements(self) -> Rotation:
        """The group as a list; of a continuous turn one rotation every 5 degrees.

        Raises
        ------
        ValueError : a sphere's, which no list stands for.
        """
        if self.kind == "sphere":
            raise ValueError("every rotation is a symmetry of a sphere")
        if self.axis is None:
            return Rotation.from_quat(self.quaternions)
        turns = Rotation.from_rotvec(np.arange(STEPS)[:, None] * (2 * np.pi / STEPS) * self.axis)
        if not self.flips:
            return turns
        across = np.cross(self.axis, np.eye(3)[np.argmin(np.abs(self.axis))])
        flip = Rotation.from_rotvec(np.pi * across / np.linalg.norm(across))
        return Rotation.concatenate([turns, turns * flip])

    def row(self) -> dict[str, object]:
        """Its columns of the table."""
        axis = [None] * 3 if self.axis is None else self.axis.tolist()
        return {
            "kind": self.kind, "order": len(self.quaternions) if self.kind == "finite" else None,
            **dict(zip(("axis_x", "axis_y", "axis_z"), axis, strict=True)), "flips": self.flips,
            "quaternions": self.quaternions.ravel().tolist(),
        }  # fmt: skip


def _tilt(rotation: Rotation, axis: Array) -> Array:
    """By what angle rotations move an axis, radians: (n,)."""
    moved = rotation.apply(axis)
    # half-angle form: exact near 0 and near pi
    tilt: Array = 2 * np.arctan2(np.linalg.norm(moved - axis, axis=1), np.linalg.norm(moved + axis, axis=1))
    return tilt


def read(folder: Path) -> Mapping[tuple[str, str], Symmetry] | None:
    """The symmetries of a dataset's objects by (synset, object id); None where nobody looked at the meshes.

    Raises
    ------
    DatasetError : the table is damaged.
    """
    path = folder / TABLE
    if not path.is_file():
        return None
    found = {}
    for row in read_table(path, COLUMNS).to_pylist():
        if row["kind"] is not None:
            try:
                found[row["synset"], row["object_id"]] = _of_row(row)
            except InvalidValue as error:
                name = f"{row['synset']}/{row['object_id']}"
                raise DatasetError(
                    f"{path} is damaged ({name!a:.100} {error}): restore it or run `iebench symmetry` again"
                ) from error
    return found


def _of_row(row: Mapping[str, Any]) -> Symmetry:
    """The symmetry in a row of the table.

    Raises
    ------
    InvalidValue : a group that is none; says why as a clause.
    """
    if row["kind"] not in get_args(Kind):
        raise InvalidValue(f"has the kind {row['kind']!a:.40}, not {', '.join(get_args(Kind))}")
    numbers = np.array(row["quaternions"] or [], np.float64)
    if not numbers.size or numbers.size % 4 or not np.allclose(np.linalg.norm(numbers.reshape(-1, 4), axis=1), 1):
        raise InvalidValue("has quaternions that are none")
    if row["kind"] != "axial":
        return Symmetry(row["kind"], numbers.reshape(-1, 4))
    axis = np.array([row["axis_x"], row["axis_y"], row["axis_z"]], np.float64)  # nulls become NaN
    if not np.isclose(np.linalg.norm(axis), 1):
        raise InvalidValue("has an axis that is no unit vector")
    return Symmetry(row["kind"], numbers.reshape(-1, 4), axis, bool(row["flips"]))
