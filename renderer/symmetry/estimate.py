"""Rotational symmetries of a mesh: a rotation is a symmetry if the rotated surface stays close to the original surface.

Only rotations about the origin of the object frame count, which is the centre of the bounding box: a rotation about
another point would move the object in the image. Of the shape only what is seen from outside counts: the back of a
label inside its bottle does not. A symmetry of shape and colour also keeps the colours; see `Colours`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import trimesh
from numpy.typing import NDArray
from scipy.spatial import KDTree
from scipy.spatial.transform import Rotation

from iebench.manifests.symmetry import Symmetry

Array = NDArray[np.float64]

TOLERANCE = 0.02  # distance from the surface, as a share of the bounding box's diagonal
SHARE = 0.98  # share of the surface that must lie within the tolerance
CELL, DEEP = 0.025, 0.02  # of the pictures that find the visible surface: side of a cell, and depth, in diagonals
POINTS, COARSE, DENSE = 1_024, 192, 16_384  # surface points: rotated, rotated in the first test, at rest
PRIMES = (2, 3, 5, 7)  # a cyclic group contains a rotation of prime order; orders above 7 count as continuous
ORDERS = tuple(range(4, 13))  # orders that are tested about the axes of the symmetries
FREE = (0.4, 1.0, 1.7, 2.3, 2.9)  # radians; irregular angles that test an axis of continuous symmetry
FLAT, SAME = np.radians(20), np.radians(12)  # axes, or rotations, that differ by less count as equal
ENOUGH, TRIES = 3, 16  # number of symmetries without which all directions are searched; candidates of that search
NEAR = 0.15  # a rotation with a larger residual is not refined
STEPS, CONVERGED = 20, np.radians(0.1)  # most refinement steps; a smaller change ends the refinement
ALIKE = 0.12  # relative difference of two moments of inertia below which their axes are ambiguous
NEIGHBOURS = 32  # coloured points near a rotated point, of which one must have its colour
COLOUR = 15.0  # largest difference in colour, as a distance in CIE 1976 L*a*b*
LARGEST = 60  # most elements of a finite group: those of the icosahedron


@dataclass(frozen=True)
class MeshSymmetry:
    """The symmetries of a mesh.

    residual : largest residual of the group's rotations, as a share of the diagonal; see `Shape.residual`
    difference : largest difference in colour after these rotations, in L*a*b*; None if no colours are given
    """

    symmetry: Symmetry
    residual: float
    difference: float | None = None


def symmetries(
    vertices: Array, faces: NDArray[np.int64], tolerance: float = TOLERANCE, colours: "Colours | None" = None
) -> MeshSymmetry:
    """Return the symmetries of a mesh whose bounding box is centred.

    vertices : (n, 3) object frame; faces : (m, 3)
    tolerance : largest distance of the rotated surface from the surface, as a share of the diagonal
    colours : colours of the surface, which the symmetries must keep too; None for symmetries of the shape
    """
    shape = Shape(vertices, faces, tolerance, colours)
    symmetry, rotations = _group(shape)
    difference = None if colours is None else max(colours.residual(rotation, tolerance) for rotation in rotations)
    return MeshSymmetry(symmetry, max(shape.residual(rotation) for rotation in rotations), difference)


def _group(shape: "Shape") -> tuple[Symmetry, list[Rotation]]:
    """Return the symmetries of a shape, and rotations among them that stand for all."""
    axes = shape.axes()
    free = shape.free(axes)
    if not free:
        rotations = shape.rotations(axes, PRIMES, len(axes) * len(PRIMES))
        if len(rotations) < ENOUGH:
            more = shape.rotations(shape.more_axes(), PRIMES[:2], TRIES)
            rotations += [rotation for rotation in more if not _among(rotation, rotations)]
        free = shape.free([_axis(rotation) for rotation in rotations])
    identity = Symmetry.none().quaternions
    if any(abs(axis @ free[0]) < np.cos(FLAT) for axis in free[1:]):
        return Symmetry("sphere", identity), [turn for axis in free for turn in _turns(axis)]
    if free:
        across = np.cross(free[0], np.eye(3)[np.argmin(np.abs(free[0]))])
        flips = shape.fits(Rotation.from_rotvec(np.pi * across / np.linalg.norm(across)))
        return Symmetry("axial", identity, free[0], flips), _turns(free[0])
    group = shape.group(rotations)
    return Symmetry("finite", group.as_quat(canonical=True)), list(group)


class Colours:
    """Colours of a surface, to be compared with those after a rotation.

    points : (n, 3) object frame; lab : (n, 3), CIE 1976 L*a*b*; tolerance : largest difference in colour
    """

    def __init__(self, points: Array, lab: Array, tolerance: float = COLOUR) -> None:
        seen = visible(points / np.linalg.norm(np.ptp(points, axis=0)))
        points, self._lab, self.tolerance = points[seen], lab[seen], tolerance
        self._diagonal = float(np.linalg.norm(np.ptp(points, axis=0)))
        self._surface = KDTree(points)
        self._chosen = np.arange(0, len(points), max(1, len(points) // POINTS))

    def residual(self, rotation: Rotation, near: float) -> float:
        """Return the SHARE quantile of the differences in colour between rotated points and the surface.

        near : in diagonals. A point is compared with the most similar of its neighbours within this distance, or with
            the nearest one, so that a colour may move as far as the surface may.
        """
        rotated = rotation.apply(self._surface.data[self._chosen])
        distances, indices = self._surface.query(rotated, min(NEIGHBOURS, len(self._lab)))
        distances, indices = (np.asarray(each).reshape(len(rotated), -1) for each in (distances, indices))
        differences = np.linalg.norm(self._lab[indices] - self._lab[self._chosen, None], axis=-1)
        close = distances <= near * self._diagonal
        close[:, 0] = True
        return float(np.quantile(np.where(close, differences, np.inf).min(1), SHARE))


class Shape:
    """Points on a surface, at rest and to be rotated; the bounding box has a diagonal of 1."""

    def __init__(
        self, vertices: Array, faces: NDArray[np.int64], tolerance: float = TOLERANCE, colours: Colours | None = None
    ) -> None:
        self._tolerance, self._colours = tolerance, colours
        scale = 1 / np.linalg.norm(np.ptp(vertices, axis=0))
        mesh = trimesh.Trimesh(vertices * scale, faces, process=False, validate=False)
        every = np.asarray(trimesh.sample.sample_surface(mesh, DENSE, seed=0)[0], np.float64)
        dense = every[visible(every)]
        self._surface = KDTree(dense)
        self._points = dense[:: max(1, len(dense) // POINTS)]
        self._moments, self._principal = np.linalg.eigh(dense.T @ dense / len(dense))
        self._centroid = dense.mean(0)

    def residual(self, rotation: Rotation, points: int = POINTS) -> float:
        """Return the SHARE quantile of the distances of the rotated points from the surface, in diagonals."""
        distances, _ = self._surface.query(rotation.apply(self._points[:: POINTS // points]))
        return float(np.quantile(distances, SHARE))

    def fits(self, rotation: Rotation) -> bool:
        """True if a rotation is a symmetry; a few points are tested first, and colours last."""
        if self.residual(rotation, COARSE) > 1.5 * self._tolerance or self.residual(rotation) > self._tolerance:
            return False
        colours = self._colours
        return colours is None or colours.residual(rotation, self._tolerance) <= colours.tolerance

    def axes(self) -> Array:
        """Return directions (n, 3) of likely axes: the frame's axes and the principal axes.

        The axis of a lopsided shape passes through its centroid, or is an axis of the frame near that line: a part
        that is within the tolerance, such as the pump of a bottle, may move the centroid.
        """
        if self._lopsided:
            through = self._centroid / np.linalg.norm(self._centroid)
            return np.array([through, *(axis for axis in np.eye(3) if abs(axis @ through) > np.cos(FLAT))])
        own = [axis for axis in self._principal.T if np.abs(axis).max() < np.cos(FLAT / 4)]
        return np.array([*np.eye(3), *own])

    def more_axes(self) -> Array:
        """Return axes (n, 3) in all directions if the moments of inertia leave the axes ambiguous, else none."""
        low, middle, high = self._moments
        unambiguous = min(middle - low, high - middle) > ALIKE * high
        return np.empty((0, 3)) if self._lopsided or unambiguous else _directions()

    @property
    def _lopsided(self) -> bool:
        """True if the centroid is off the origin: a symmetry does not move it, so the axis passes through it."""
        return bool(np.linalg.norm(self._centroid) > 1.5 * self._tolerance)

    def rotations(self, axes: Array, orders: tuple[int, ...], tries: int) -> list[Rotation]:
        """Return distinct symmetries of these orders about or near these axes, from the `tries` best candidates."""
        candidates = [Rotation.from_rotvec(axis * (2 * np.pi / order)) for axis in axes for order in orders]
        residuals = [self.residual(candidate, COARSE) for candidate in candidates]
        rotations: list[Rotation] = []
        for index in np.argsort(residuals, kind="stable")[:tries]:
            if residuals[index] > NEAR:
                break
            refined = self._refined(candidates[index])
            if refined.magnitude() > SAME and not _among(refined, rotations) and self.fits(refined):
                rotations.append(refined)
        return rotations

    def free(self, axes: Iterable[Array]) -> list[Array]:
        """Return those of some axes about which every rotation is a symmetry, the one with the least residual first."""
        free = [axis for axis in axes if all(map(self.fits, _turns(axis)))]
        return sorted(free, key=lambda axis: max(map(self.residual, _turns(axis))))

    def group(self, rotations: list[Rotation]) -> Rotation:
        """Return all products of some symmetries that are symmetries too, the identity first."""
        finest = [
            Rotation.from_rotvec(_axis(rotation) * (2 * np.pi / order)) for rotation in rotations for order in ORDERS
        ]
        generators = rotations + [rotation for rotation in finest if self.fits(rotation)]
        elements = [Rotation.identity()]
        for element in elements:  # the list grows during the loop
            for generator in generators:
                product = element * generator
                if len(elements) < LARGEST and not _among(product, elements):
                    refined = self._refined(product)
                    if not _among(refined, elements) and self.fits(refined):
                        elements.append(refined)
        return Rotation.concatenate(elements)

    def _refined(self, rotation: Rotation) -> Rotation:
        """Refine a rotation by repeating two steps: nearest surface points, and best alignment with them."""
        points = self._points[:: POINTS // COARSE]
        for _ in range(STEPS):
            nearest = self._surface.data[self._surface.query(rotation.apply(points))[1]]
            before, rotation = rotation, Rotation.align_vectors(nearest, points)[0]
            if (before.inv() * rotation).magnitude() < CONVERGED:
                break
        return rotation


def _turns(axis: Array) -> list[Rotation]:
    """Return the rotations about an axis that stand for all, by the angles FREE."""
    return [Rotation.from_rotvec(angle * axis) for angle in FREE]


def _axis(rotation: Rotation) -> Array:
    """Return the axis of a rotation as a unit vector (3,)."""
    axis: Array = rotation.as_rotvec() / rotation.magnitude()
    return axis


def visible(points: Array) -> NDArray[np.bool_]:
    """Find the points of a surface that are seen from outside: (n, 3) -> (n,). Parts of a mesh may lie inside others.

    From each of many directions a point hides those in the same cell of the picture that lie deeper by more than DEEP.
    """
    seen = np.zeros(len(points), np.bool_)
    for axis in _directions(subdivisions=1):
        across = np.cross(axis, np.eye(3)[np.argmin(np.abs(axis))])
        across /= np.linalg.norm(across)
        cells = np.floor(points @ np.stack([across, np.cross(axis, across)], axis=1) / CELL).astype(np.int64)
        _, cell = np.unique(cells @ [1 << 20, 1], return_inverse=True)
        depth = points @ axis
        order = np.lexsort([depth, cell])
        starts = np.flatnonzero(np.diff(cell[order], prepend=-1))
        ends = np.append(starts[1:], len(points)) - 1
        seen |= depth <= depth[order[starts]][cell] + DEEP
        seen |= depth >= depth[order[ends]][cell] - DEEP
    return seen


def _among(rotation: Rotation, others: list[Rotation]) -> bool:
    return any((rotation.inv() * other).magnitude() < SAME for other in others)


def _directions(subdivisions: int = 2) -> Array:
    """Return axes in all directions: (81, 3), about 15 degrees apart; with 1 subdivision (21, 3), 30 degrees apart."""
    corners: Array = np.asarray(trimesh.creation.icosphere(subdivisions=subdivisions).vertices)
    upper = corners @ [1.0, 1e-3, 1e-6] > 0
    return corners[upper]
