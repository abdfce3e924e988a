"""Errors modulo symmetry equal brute force over the group; the table is read back as it was written."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.spatial.transform import Rotation

from iebench.manifests import symmetry
from iebench.manifests.errors import DatasetError
from iebench.manifests.symmetry import COLUMNS, TABLE, Symmetry

NONE = Symmetry.none()
CUBE = Symmetry("finite", Rotation.create_group("O").as_quat())
AXIS = np.array([1.0, 2.0, -2.0]) / 3
CONE = Symmetry("axial", NONE.quaternions, AXIS, flips=False)
CYLINDER = Symmetry("axial", NONE.quaternions, AXIS, flips=True)
BALL = Symmetry("sphere", NONE.quaternions)


def pairs(count: int = 40) -> tuple[Rotation, Rotation]:
    generator = np.random.default_rng(0)
    return Rotation.random(count, rng=generator), Rotation.random(count, rng=generator)


def brute(group: Rotation, truth: Rotation, estimate: Rotation) -> np.ndarray:
    """Return the smallest angle between F and s^-1 R t over all s and t, from traces of matrices."""
    least = np.full(len(truth), np.inf)
    rights = group.as_matrix()
    for left in group:
        relative = ((left.inv() * truth).inv() * estimate).as_matrix()  # (s^-1 R)^-1 F
        cosines = (np.einsum("tij,nij->nt", rights, relative) - 1) / 2
        least = np.minimum(least, np.arccos(np.clip(cosines.max(1), -1, 1)))
    return np.degrees(least)


@pytest.mark.parametrize(("shape", "tolerance"), [(NONE, 1e-5), (CUBE, 1e-5), (CONE, 5.0), (CYLINDER, 5.0)])
def test_the_error_is_the_least_over_all_rotations_that_look_alike(shape: Symmetry, tolerance: float) -> None:
    truth, estimates = pairs(12)
    error = shape.error(truth, estimates)
    np.testing.assert_allclose(error, brute(shape.elements(), truth, estimates), atol=tolerance)  # continuous: in steps
    assert (error <= brute(shape.elements(), truth, estimates) + 1e-5).all()


@pytest.mark.parametrize("shape", [CUBE, CONE, CYLINDER])
def test_rotations_that_look_alike_have_no_error(shape: Symmetry) -> None:
    truth, _ = pairs()
    group = list(shape.elements())[:24]
    for left, right in zip(group, reversed(group), strict=True):
        np.testing.assert_allclose(shape.error(truth, left.inv() * truth * right), 0.0, atol=1e-4)


@pytest.mark.parametrize("shape", [NONE, CUBE, CONE, CYLINDER, BALL])
def test_the_distance_is_that_of_the_nearest_pose_that_looks_alike(shape: Symmetry) -> None:
    """Against a list of all such poses, of continuous ones every quarter of a degree."""
    truth, poses = pairs(12)
    distance = shape.distance(truth[0].as_quat(), poses.as_quat())
    if shape is BALL:
        assert not distance.any()
        return
    alike = truth[0] * shape.elements(1_440)
    least = np.min([np.degrees((element.inv() * poses).magnitude()) for element in alike], axis=0)
    np.testing.assert_allclose(distance, least, atol=0.01)


def test_without_symmetry_the_error_is_the_angle_and_of_a_ball_nothing() -> None:
    truth, estimates = pairs()
    np.testing.assert_allclose(
        NONE.error(truth, estimates), np.degrees((truth.inv() * estimates).magnitude()), atol=1e-6
    )
    assert not BALL.error(truth, estimates).any()
    with pytest.raises(ValueError, match="every rotation"):
        BALL.elements()


def test_upside_down_counts_for_a_cone_and_not_for_a_cylinder() -> None:
    still = Rotation.identity(1)
    over = Rotation.from_rotvec(np.pi * np.cross(AXIS, [[1.0, 0, 0]]) / np.linalg.norm(np.cross(AXIS, [1.0, 0, 0])))
    assert CONE.error(still, over)[0] == pytest.approx(180) and CYLINDER.error(still, over)[0] == pytest.approx(0)


def test_the_table_comes_back_as_it_was(tmp_path: Path) -> None:
    shapes = {("a", "1"): CUBE, ("a", "2"): CONE, ("b", "1"): CYLINDER, ("b", "2"): BALL}
    empty = dict.fromkeys(COLUMNS.names)
    rows = [{**empty, "synset": s, "object_id": o, **shape.row()} for (s, o), shape in shapes.items()]
    rows.append({**empty, "synset": "c", "object_id": "1", "cause": "no mesh"})
    assert symmetry.read(tmp_path) is None
    pq.write_table(pa.Table.from_pylist(rows, COLUMNS), tmp_path / TABLE)
    back = symmetry.read(tmp_path)
    assert back is not None and back.keys() == shapes.keys()
    for name, shape in shapes.items():
        assert (back[name].kind, back[name].flips) == (shape.kind, shape.flips)
        np.testing.assert_array_equal(back[name].quaternions, shape.quaternions)
        assert back[name].axis is None if shape.axis is None else np.allclose(back[name].axis, shape.axis)  # type: ignore[arg-type]


@pytest.mark.parametrize(("change", "cause"), [
    ({"kind": "round"}, "has the kind 'round', not finite, axial, sphere"),
    ({"quaternions": [1.0, 0.0]}, "has quaternions that are not of unit length"),
    ({"quaternions": []}, "has quaternions that are not of unit length"),
    ({"quaternions": [0.0, 0.0, 0.0, math.nan]}, "has quaternions that are not of unit length"),
    ({"kind": "axial"}, "has an axis that is not a unit vector"),
    ({"kind": "axial", "axis_x": 1.0, "axis_y": 1.0, "axis_z": 0.0}, "has an axis that is not a unit vector"),
])  # fmt: skip
def test_a_row_that_is_no_group_is_named(tmp_path: Path, change: dict[str, Any], cause: str) -> None:
    row = {**dict.fromkeys(COLUMNS.names), "synset": "a", "object_id": "1", **Symmetry.none().row(), **change}
    pq.write_table(pa.Table.from_pylist([row], COLUMNS), tmp_path / TABLE)
    with pytest.raises(DatasetError, match=rf"symmetry\.parquet is damaged \('a/1' {cause}\): restore it or run"):
        symmetry.read(tmp_path)
