"""The oracle with symmetries: exact without symmetries, equal to brute-force sampling with them; its use in scores."""

import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from definitions import r2_mean
from scipy.spatial.transform import Rotation
from scoring import ANGLES, context_of, random_split

from iebench.benchmark.errors import DatasetError
from iebench.benchmark.fitting import oracle as symmetric
from iebench.benchmark.fitting.oracle import Prior, Symmetries
from iebench.benchmark.metrics import METRICS
from iebench.benchmark.probes.rotation import matrices, quaternions
from iebench.benchmark.scoring.probing import run
from iebench.benchmark.statistics.metric_info import WHOLE
from iebench.benchmark.statistics.metrics import nearest_rotation
from iebench.manifests.conventions import geodesic_degrees, pose
from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.laws import Uniform
from iebench.manifests.symmetry import COLUMNS, TABLE, Symmetry

NONE = Symmetry.none()
FOUR = Symmetry("finite", Rotation.from_rotvec(np.arange(4)[:, None] * [0, 0, np.pi / 2]).as_quat())
TWO = Symmetry("finite", FOUR.quaternions[::2])
CUBE = Symmetry("finite", Rotation.create_group("O").as_quat())
CONE = Symmetry("axial", NONE.quaternions, np.array([0.0, 0.0, 1.0]))
QUARTER = Uniform(-np.pi / 2, np.pi / 2)


@cache
def prior() -> Prior:
    angles = np.random.default_rng(0).uniform(-np.pi / 2, np.pi / 2, (200_000, 3))
    return Prior((QUARTER,) * 3, pose(angles).as_matrix().mean(0))


def all_of(shape: Symmetry, objects: int = 6) -> Symmetries:
    split = random_split(objects, 4)
    return Symmetries(dict.fromkeys(split.identities, shape), prior())


@pytest.mark.slow
def test_without_symmetries_the_oracle_knows_everything() -> None:
    split = random_split(6, 4)
    rows = split.all_pairs()[0]
    np.testing.assert_allclose(all_of(NONE)(split, rows).reshape(-1, 9), matrices(split, rows), atol=1e-12)
    guesses = Rotation.random(len(rows), rng=np.random.default_rng(2)).as_quat()
    np.testing.assert_allclose(
        all_of(NONE).error(split, rows, guesses), geodesic_degrees(quaternions(split, rows), guesses), atol=1e-6
    )


def test_the_density_is_that_of_the_laws() -> None:
    """Uniform rotations, weighted by the density, have the same share in any region as poses drawn from the laws."""
    uniform = Rotation.random(200_000, rng=np.random.default_rng(1))
    density = prior().density(uniform)
    inside = (np.abs(uniform.as_euler("xyz")) <= np.pi / 2).all(1)
    edge = (np.abs(uniform.as_euler("xyz")) <= np.pi / 2 + 0.01).all(1)
    assert not density[~edge].any() and inside.mean() == pytest.approx(0.25, abs=0.01)  # a quarter of all rotations
    share = density[np.abs(uniform.as_euler("xyz")[:, 1]) < np.pi / 4].sum() / density.sum()
    assert share == pytest.approx(0.5, abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "low", "high"), [(FOUR, 0.1, 0.95), (CONE, 0.1, 0.95)])
def test_no_answer_beats_the_oracle_where_pictures_look_alike(shape: Symmetry, low: float, high: float) -> None:
    """The oracle's mean is over poses with the same image; these are found by sampling on a grid of angles."""
    split, oracle = random_split(12, 12, rounds=40), all_of(shape, 12)
    rows, _ = split.all_pairs()
    truth, best = matrices(split, rows), oracle(split, rows).reshape(-1, 9)
    r2 = r2_mean(truth, best)
    assert low < r2 < high
    generator = np.random.default_rng(3)
    for shrunk in (0.9 * best, 1.1 * best, best + 0.1 * generator.normal(size=best.shape)):
        assert ((truth - shrunk) ** 2).sum() > ((truth - best) ** 2).sum()


def test_half_a_turn_about_the_upright_axis_is_known_from_the_range_of_the_poses() -> None:
    """The half turn would move rot_z out of its range, so the laws decide between the two poses."""
    split = random_split(6, 4)
    rows = split.all_pairs()[0]
    np.testing.assert_allclose(all_of(TWO)(split, rows).reshape(-1, 9), matrices(split, rows), atol=1e-9)


def test_a_symmetric_pose_is_no_error_and_the_oracle_does_not_tell_it() -> None:
    split, oracle = random_split(6, 4), all_of(TWO)
    rows = split.all_pairs()[0]
    turned = pose(split.columns(ANGLES, np.arange(24))) * Rotation.from_quat(TWO.quaternions[1])
    same = replace(split, latents=split.latents | dict(zip(ANGLES, turned.as_euler("xyz").T, strict=True)))
    np.testing.assert_allclose(oracle.error(split, rows, quaternions(same, rows)), 0.0, atol=1e-4)


@pytest.mark.slow
def test_scoring_measures_the_error_and_its_ceiling() -> None:
    train, val = random_split(40, 4), random_split(8, 4, seed=1)
    bare = run(context_of(train, val))[WHOLE]
    oracle = Symmetries(dict.fromkeys(val.identities, FOUR), prior())
    entries = run(replace(context_of(train, val), oracle=oracle))[WHOLE]
    assert entries.keys() - bare.keys() == {"rotation_degrees_symmetric"} <= METRICS.keys()
    error = entries["rotation_degrees_symmetric"]
    assert error.value < entries["rotation_degrees_mean"].value and error.floor < entries["rotation_degrees_mean"].floor
    assert entries["rotation_r2_mean"].ceiling is not None and entries["rotation_r2_mean"].ceiling < 0.95
    assert all(entries[f"rotation_{kind}"].ceiling is None for kind in ("degrees_mean", "degrees_median", "within_15"))


@pytest.mark.slow
def test_a_guess_beats_the_mean_of_what_looks_alike_where_an_angle_counts() -> None:
    """The mean has the highest R2, but is not a ceiling for a share of small angles or a median angle."""
    split, oracle = random_split(12, 12), all_of(CUBE, 12)
    rows, poses = split.all_pairs()[0], pose(split.columns(ANGLES, np.arange(144)))
    alike = [poses * element for element in CUBE.elements()]
    likeliest = np.stack([prior().density(turned) for turned in alike]).argmax(0)
    angles = np.stack([turned.as_euler("xyz") for turned in alike])[likeliest, np.arange(144)]
    guess = quaternions(replace(split, latents=split.latents | dict(zip(ANGLES, angles.T, strict=True))), rows)
    mean = Rotation.from_matrix(nearest_rotation(oracle(split, rows))).as_quat()
    truth = quaternions(split, rows)
    guessed, meant = (geodesic_degrees(truth, answer) <= 15 for answer in (guess, mean))
    assert guessed.mean() > 2 * meant.mean()


def test_a_table_that_was_replaced_is_refused(tiny_dataset: Path, tmp_path: Path) -> None:
    """A table with the same objects and kinds, but other symmetries, would change every score's ceilings unnoticed."""
    folder = shutil.copytree(tiny_dataset, tmp_path / "data")
    info = DatasetInfo.load(folder)
    row = {**dict.fromkeys(COLUMNS.names), "synset": "a", "object_id": "1"}

    def written(shape: Symmetry) -> None:
        pq.write_table(pa.Table.from_pylist([{**row, **shape.row()}], COLUMNS), folder / TABLE)

    written(Symmetry.none())
    info.save(folder, {})
    split = random_split(4, 4)
    assert symmetric.of(folder, info.recipe, split) is not None
    written(TWO)
    with pytest.raises(
        DatasetError, match=r"symmetry\.parquet is not the file that SHA256SUMS lists: restore it, or run"
    ):
        symmetric.of(folder, info.recipe, split)
