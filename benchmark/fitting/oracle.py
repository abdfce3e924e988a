"""Upper bounds from objects' symmetries: the best possible predictions of a pose, and errors up to symmetry.

The symmetries are read from the dataset's symmetry.parquet, which `iebench symmetry` writes.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from iebench.baselines.action import ROTATION
from iebench.manifests import symmetry
from iebench.manifests.conventions import pose
from iebench.manifests.dataset import checksums
from iebench.manifests.folder.checksums import SUMS, file_sha256, read_sums
from iebench.manifests.laws import Law
from iebench.manifests.recipe import Recipe
from iebench.manifests.schema import COLOUR_PREFIX
from iebench.manifests.symmetry import Symmetry

from ..data.pairs import Identity
from ..errors import DatasetError
from .context import Rows, Split

Array = NDArray[np.float64]
STEP = 1e-3  # radians, for the derivative of a law's distribution function
LEAST = 1e-6  # of |cos rot_y|, a divisor of the density


@dataclass(frozen=True)
class Prior:
    """The recipe's distribution of poses: density of rotations relative to the uniform (Haar) one, up to a factor.

    laws : laws of rot_x, rot_y and rot_z; mean : (3, 3) mean matrix of the poses in train
    """

    laws: tuple[Law, Law, Law]
    mean: Array

    def density(self, rotations: Rotation) -> Array:
        """Return the density at some rotations: (n,)."""
        with warnings.catch_warnings(action="ignore"):  # at right angles about y, where angles are not unique
            angles = rotations.as_euler("xyz")
        other = np.array([np.pi, np.pi, np.pi]) + angles * [1, -1, 1]  # the second set of angles of the same rotation
        return self._of_angles(angles) + self._of_angles(other)

    def _of_angles(self, angles: Array) -> Array:
        density: Array = 1 / np.maximum(
            np.abs(np.cos(angles[:, 1])), LEAST
        )  # the uniform density is proportional to |cos|
        for law, values in zip(self.laws, angles.T, strict=True):
            turns = (values + shift for shift in (-2 * np.pi, 0.0, 2 * np.pi))
            density = density * sum(law.cdf(v + STEP) - law.cdf(v - STEP) for v in turns)
        return density


@dataclass(frozen=True)
class Symmetries:
    """The symmetries of a dataset's objects; an object that is not listed has none.

    known : rotations that keep an object's shape and, if the table has them, its colours
    of_shape : those that keep the shape, if colours are known too; else None
    """

    known: Mapping[Identity, Symmetry]
    prior: Prior
    of_shape: Mapping[Identity, Symmetry] | None = None

    @property
    def blind(self) -> "Symmetries | None":
        """Return the oracle that does not see colours; None if no colours are known."""
        return None if self.of_shape is None else Symmetries(self.of_shape, self.prior)

    @property
    def views(self) -> int:
        """Return 2: the oracle predicts the rotation between two rows."""
        return 2

    def __call__(self, split: Split, rows: Rows) -> Array:
        """Return the expected relative rotation for an oracle that sees both images: rows (k, 2) -> (k, 3, 3).

        Both poses are known up to a symmetry, and independent given the images. The mean of R1^-1 R2 is thus the
        product of the two means. Poses that look alike are weighted by the recipe's laws. This prediction has the
        smallest expected squared error of the matrix, and so the highest expected R2.
        """
        first, second = (self._expected(split, column) for column in rows.T)
        product: Array = np.einsum("nki,nkj->nij", first, second)
        return product

    def error(self, split: Split, rows: Rows, predicted: Array) -> Array:
        """Return degrees from quaternions (k, 4) of R12 to the nearest rotation that looks like the true one: (k,)."""
        angles = split.columns(ROTATION, rows)
        truth = pose(angles[:, 0]).inv() * pose(angles[:, 1])
        rotations, error = Rotation.from_quat(predicted), np.empty(len(rows))
        for object_, of in _by_object(rows[:, 0] // split.views):
            error[of] = self.symmetry(split, object_).error(truth[of], rotations[of])
        return error

    def symmetry(self, split: Split, object_: int) -> Symmetry:
        """Return the symmetries of an object of a split."""
        return self.known.get(split.identities[object_], Symmetry.none())

    def density(self, rotations: Rotation) -> Array:
        """Return the density of the recipe's poses over that of uniform rotations, up to a factor: (n,)."""
        return self.prior.density(rotations)

    def _expected(self, split: Split, rows: NDArray[np.int64]) -> Array:
        """Return the mean matrix of the poses that look like those of some views: (k,) -> (k, 3, 3)."""
        poses, expected = pose(split.columns(ROTATION, rows)), np.empty((len(rows), 3, 3))
        for object_, of in _by_object(rows // split.views):
            shape = self.symmetry(split, object_)
            if shape.kind == "sphere":
                expected[of] = self.prior.mean
                continue
            alike = [poses[of] * element for element in shape.elements()]
            weights = np.stack([self.prior.density(turned) for turned in alike])  # (elements, views)
            weights[:, weights.sum(0) == 0] = 1.0  # at +-90 degrees the angles of a pose may lie outside the laws
            matrices = np.stack([turned.as_matrix() for turned in alike])
            expected[of] = np.einsum("en,enij->nij", weights / weights.sum(0), matrices)
        return expected


def _by_object(objects: NDArray[np.int64]) -> list[tuple[int, NDArray[np.int64]]]:
    """Return every object with the indices where it occurs."""
    order = np.argsort(objects, kind="stable")
    numbers, starts = np.unique(objects[order], return_index=True)
    return list(zip(numbers.tolist(), np.split(order, starts[1:]), strict=True))


def of(folder: Path, recipe: Recipe, train: Split) -> Symmetries | None:
    """Read the symmetries of a dataset's objects; None if the dataset has no table of symmetries, or no rotations.

    Raises
    ------
    DatasetError : the table is damaged, or not the one in SHA256SUMS.
    """
    shape = symmetry.read(folder)
    if shape is None or not train.has(ROTATION):
        return None
    coloured = symmetry.read(folder, COLOUR_PREFIX)
    table = folder / symmetry.TABLE
    if read_sums(folder, checksums(folder)).get(symmetry.TABLE) != file_sha256(table):
        raise DatasetError(
            f"{table} is not the file that {SUMS} lists: restore it, or run `iebench symmetry` again, which writes both"
        )
    laws: Any = tuple(factor.law for name in ROTATION for factor in recipe.factors if factor.name == name)
    poses = pose(train.columns(ROTATION, np.arange(len(train.labels)))).as_matrix()
    prior = Prior(laws, poses.mean(0))
    return Symmetries(shape, prior) if coloured is None else Symmetries({**shape, **coloured}, prior, shape)
