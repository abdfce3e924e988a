"""Rotational symmetries of a mesh, found by rotating it and measuring its distance from itself.

Only rotations about the origin of the object frame count, which is the centre of the bounding box: an object rotated
about another point appears elsewhere in the image. Only the shape is analysed, not material or texture.
"""

import numpy as np
import trimesh
from numpy.typing import NDArray
from scipy.spatial import KDTree
from scipy.spatial.transform import Rotation

from iebench.manifests.symmetry import Symmetry

Array = NDArray[np.float64]

TOLERANCE = 0.02  # of the bounding box's diagonal
SHARE = 0.98  # share of the surface that must lie within the tolerance
POINTS, COARSE, DENSE = 1_024, 192, 16_384  # surface samples: rotated, rotated in the first test, compared with
PRIMES = (2, 3, 5, 7)  # a cyclic group contains a rotation of prime order; orders above 7 count as continuous
ORDERS = tuple(range(4, 13))
FREE = (0.4, 1.0, 1.7, 2.3, 2.9)  # radians
FLAT, SAME = np.radians(20), np.radians(12)  # axes, or rotations, closer than this are equal
ENOUGH, TRIES = 3, 16  # rotations found that make a search in all directions needless; rotations tried in that search
NEAR = 0.15  # a rotation with a larger residual is not refined
SETTLING, SETTLED = 20, np.radians(0.1)  # most refinement steps; a smaller change ends the refinement
ALIKE = 0.12  # relative difference of two moments of inertia below which their axes are ambiguous
LARGEST = 60  # most elements of a finite group: those of the icosahedron


def symmetries(vertices: Array, faces: NDArray[np.int64]) -> tuple[Symmetry, float]:
    """Return the symmetries of a mesh whose bounding box is centred, and the largest residual of its symmetries.

    vertices : (n, 3) object frame; faces : (m, 3)
    returns : the group, and the largest residual of its elements as a share of the diagonal (see `Shape.residual`)
    """
    shape = Shape(vertices, faces)
    axes = shape.axes()
    free = [axis for axis in axes if shape.turns_freely(axis)]
    if not free:
        rotations = shape.turns(axes, PRIMES, len(axes) * len(PRIMES))
        if len(rotations) < ENOUGH:
            rotations += [
                turn for turn in shape.turns(shape.more_axes(), PRIMES[:2], TRIES) if not _among(turn, rotations)
            ]
        turned = (turn.as_rotvec() / turn.magnitude() for turn in rotations)
        free = [axis for axis in turned if shape.turns_freely(axis)]
    identity = Symmetry.none().quaternions
    if any(abs(axis @ free[0]) < np.cos(FLAT) for axis in free[1:]):
        return Symmetry("sphere", identity), shape.worst(free)
    if free:
        across = np.cross(free[0], np.eye(3)[np.argmin(np.abs(free[0]))])
        flips = shape.fits(Rotation.from_rotvec(np.pi * across / np.linalg.norm(across)))
        return Symmetry("axial", identity, free[0], flips), shape.worst(free[:1])
    group = shape.group(rotations)
    return Symmetry("finite", group.as_quat(canonical=True)), max(shape.residual(element) for element in group)


class Shape:
    """Points on a surface, at rest and to be rotated; the diagonal is 1."""

    def __init__(self, vertices: Array, faces: NDArray[np.int64]) -> None:
        scale = 1 / np.linalg.norm(np.ptp(vertices, axis=0))
        mesh = trimesh.Trimesh(vertices * scale, faces, process=False, validate=False)
        dense = np.asarray(trimesh.sample.sample_surface(mesh, DENSE, seed=0)[0], np.float64)
        self._home = KDTree(dense)
        self._points = dense[:: DENSE // POINTS]
        self._moments, self._principal = np.linalg.eigh(dense.T @ dense / DENSE)
        self._centroid = dense.mean(0)

    def residual(self, turn: Rotation, points: int = POINTS) -> float:
        """Return the SHARE quantile of the distances of the rotated points from the surface, in diagonals."""
        distances, _ = self._home.query(turn.apply(self._points[:: POINTS // points]))
        return float(np.quantile(distances, SHARE))

    def fits(self, turn: Rotation) -> bool:
        """True if a rotation is a symmetry; a few points are tested first."""
        return self.residual(turn, COARSE) <= 1.5 * TOLERANCE and self.residual(turn) <= TOLERANCE

    def axes(self) -> Array:
        """Return directions (n, 3) of likely axes: the frame's axes and the principal axes."""
        if self._lopsided:
            through: Array = self._centroid[None] / np.linalg.norm(self._centroid)
            return through
        own = [axis for axis in self._principal.T if np.abs(axis).max() < np.cos(FLAT / 4)]
        return np.array([*np.eye(3), *own])

    def more_axes(self) -> Array:
        """Return directions (n, 3) all around if the moments of inertia leave the axes ambiguous, else none."""
        low, middle, high = self._moments
        decided = min(middle - low, high - middle) > ALIKE * high
        return np.empty((0, 3)) if self._lopsided or decided else _directions()

    @property
    def _lopsided(self) -> bool:
        """True if the centroid is off the origin: a symmetry does not move it, so the axis passes through it."""
        return bool(np.linalg.norm(self._centroid) > 1.5 * TOLERANCE)

    def turns(self, axes: Array, orders: tuple[int, ...], tries: int) -> list[Rotation]:
        """Return distinct symmetries of these orders about or near these axes, from the `tries` best candidates."""
        turns = [Rotation.from_rotvec(axis * (2 * np.pi / order)) for axis in axes for order in orders]
        misses = [self.residual(turn, COARSE) for turn in turns]
        rotations: list[Rotation] = []
        for index in np.argsort(misses, kind="stable")[:tries]:
            if misses[index] > NEAR:
                break
            settled = self._settled(turns[index])
            if settled.magnitude() > SAME and not _among(settled, rotations) and self.fits(settled):
                rotations.append(settled)
        return rotations

    def worst(self, axes: list[Array]) -> float:
        """Return the largest residual of rotations by the angles FREE about some axes."""
        return max(self.residual(Rotation.from_rotvec(angle * axis)) for axis in axes for angle in FREE)

    def turns_freely(self, axis: Array) -> bool:
        """True if every rotation about an axis is a symmetry; tested with the irregular angles of FREE."""
        return all(self.fits(Rotation.from_rotvec(angle * axis)) for angle in FREE)

    def group(self, rotations: list[Rotation]) -> Rotation:
        """Return all products of some symmetries that are symmetries too, the identity first."""
        axes = [turn.as_rotvec() / turn.magnitude() for turn in rotations]
        finest = [Rotation.from_rotvec(axis * (2 * np.pi / order)) for axis in axes for order in ORDERS]
        generators = rotations + [turn for turn in finest if self.fits(turn)]
        elements = [Rotation.identity()]
        for element in elements:  # the list grows during the loop
            for generator in generators:
                product = element * generator
                if len(elements) < LARGEST and not _among(product, elements):
                    settled = self._settled(product)
                    if not _among(settled, elements) and self.fits(settled):
                        elements.append(settled)
        return Rotation.concatenate(elements)

    def _settled(self, turn: Rotation) -> Rotation:
        """Refine a rotation by repeating two steps: nearest surface points, and best alignment with them."""
        points = self._points[:: POINTS // COARSE]
        for _ in range(SETTLING):
            nearest = self._home.data[self._home.query(turn.apply(points))[1]]
            before, turn = turn, Rotation.align_vectors(nearest, points)[0]
            if (before.inv() * turn).magnitude() < SETTLED:
                break
        return turn


def _among(turn: Rotation, others: list[Rotation]) -> bool:
    return any((turn.inv() * other).magnitude() < SAME for other in others)


def _directions() -> Array:
    """Return axes in all directions, about 15 degrees apart: (81, 3)."""
    corners: Array = np.asarray(trimesh.creation.icosphere(subdivisions=2).vertices)
    upper = corners @ [1.0, 1e-3, 1e-6] > 0
    return corners[upper]
