"""Properties of a split's views that methods need, decided from the latents; see `iebench.baselines.needs`."""

from collections.abc import Mapping, Sequence
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from iebench.baselines.needs import Property
from iebench.manifests.brief import few
from iebench.manifests.conventions import ANGLES, canonical, pose_quaternion, quaternion_product
from iebench.manifests.factors import Factor

from ..errors import SettingError
from .images import Images

Array = NDArray[np.float64]

CLOSE = 1e-5  # in the latent's unit, and in the components of a quaternion: nearer values are equal, also in float32
SMALLEST_STEP = 1e-3  # rad; a run whose views have one pose has no step

RECIPES: dict[str, frozenset[Property]] = {
    "3diebench-shared": frozenset({"shared poses"}),
    "3diebench-shared-all": frozenset({"shared poses", "shared appearance"}),
    "3diebench-still": frozenset({"still"}),
    "3diebench-steps": frozenset({"still", "runs"}),
    "3diebench-steps-shared": frozenset({"still", "runs", "shared poses"}),
    "3diebench-steps-shared-all": frozenset(get_args(Property)),
}
"""Shipped recipes made for methods, with the properties of their views; the last has all.

The first that has all needed is suggested.
"""

MEANINGS: dict[Property, str] = {
    "shared poses": "one list of poses for all objects",
    "shared appearance": "one list of all other factors for all objects",
    "still": "views of an object that differ in nothing but the rotation and what it is conditioned on",
    "runs": "runs of views with a constant rotation step",
}
"""The properties in words, for messages."""


class Table:
    """The latents of a split, object by object.

    latents : name -> (n * views,) float64 of every row, the rows of an object in the order of its views
    views : number of views of each object
    factors : the factors of the dataset's recipe
    """

    def __init__(self, latents: Mapping[str, Array], views: int, factors: Sequence[Factor]) -> None:
        self.values = {name: values.reshape(-1, views) for name, values in latents.items()}
        self.turns = {factor.name: factor.turn for factor in factors}

    @property
    def poses(self) -> Array:
        """Quaternions of all views: (objects, views, 4), scalar last, w >= 0."""
        return pose_quaternion(angles(self.values))

    def unequal(self, known: Sequence[str], axis: int) -> str:
        """Return the first factor, not of the pose and not in `known`, that varies along an axis; "" if none does.

        axis : 0 for objects, 1 for views
        """
        others = (name for name in self.values if name not in (*ANGLES, *known))
        return next((name for name in others if not self._equal(name, axis)), "")

    def _equal(self, name: str, axis: int) -> bool:
        values = self.values[name]
        difference = values - np.take(values, [0], axis=axis)
        if turn := self.turns.get(name):
            difference = (difference + turn / 2) % turn - turn / 2
        return bool(np.abs(difference).max() < CLOSE)


def angles(latents: Mapping[str, Array]) -> Array:
    """Stack the angles of the poses: (...) each -> (..., 3); those that a dataset does not vary are 0."""
    still = np.zeros_like(next(iter(latents.values())))
    return np.stack([latents.get(name, still) for name in ANGLES], axis=-1)


def shared_poses(poses: Array) -> bool:
    """Return True if view i of every object has the same rotation; poses : (objects, views, 4) quaternions."""
    return bool((_angle(poses, poses[:1]) < CLOSE).all())


def begins_of_runs(poses: Array, count: int) -> NDArray[np.bool_]:
    """Mark the views that begin `count` consecutive views with one rotation step: R_{i+1} = R_i S.

    poses : (objects, views, 4) quaternions; count : 3 or more
    returns : (objects, views - count + 1)
    """
    inverse = poses[:, :-1] * np.array([-1.0, -1.0, -1.0, 1.0])
    steps = canonical(quaternion_product(inverse, poses[:, 1:]))  # (objects, views - 1, 4)
    same = _angle(steps[:, 1:], steps[:, :-1]) < CLOSE
    same &= 2 * np.arccos(np.clip(steps[:, 1:, 3], -1, 1)) > SMALLEST_STEP
    windows = np.lib.stride_tricks.sliding_window_view(same, count - 2, axis=1)
    begins: NDArray[np.bool_] = windows.all(axis=-1)
    return begins


def check_properties(images: Images, method: str, needed: Sequence[Property], known: Sequence[str], count: int) -> None:
    """Check that the views of a split have the properties that a method needs, as its latents show.

    known : latents that the method is conditioned on; count : views of an object in a batch

    Raises
    ------
    SettingError : they lack one; names a recipe whose views have all.
    """
    table = Table(images.latents, images.views_per_object, images.info.recipe.factors)
    if fault := lacking(table, needed, known, count):
        remedy, fewer = f"render one with --recipe {recipe_for(needed)}", range(count - 1, 2, -1)
        if shorter := next((views for views in fewer if not lacking(table, needed, known, views)), 0):
            remedy = f"lower it with --set views={shorter}, or give a dataset of longer runs"
        needs = few((MEANINGS[name] for name in needed), len(MEANINGS))
        raise SettingError(f"{images.folder} cannot serve {method}, which needs {needs}: {fault}; {remedy}")


def lacking(table: Table, needed: Sequence[Property], known: Sequence[str], count: int) -> str:
    """Describe the first needed property that a split lacks, in words; "" if it has all.

    known : latents that the method is conditioned on; count : views of an object in a batch
    """
    faults = (_fault(table, name, known, count) for name in needed)
    return next((fault for fault in faults if fault), "")


def recipe_for(needed: Sequence[Property]) -> str:
    """Return the first of RECIPES whose views have all properties."""
    return next(recipe for recipe, has in RECIPES.items() if has >= set(needed))


def _angle(left: Array, right: Array) -> Array:
    """Return the largest difference of the components of unit quaternions up to their sign: (..., 4) -> (...)."""
    difference: Array = np.minimum(np.abs(left - right).max(axis=-1), np.abs(left + right).max(axis=-1))
    return difference


def _fault(table: Table, name: Property, known: Sequence[str], count: int) -> str:
    """Describe the lack of one property, in words; "" if the split has it."""
    if name == "shared poses":
        return "" if shared_poses(table.poses) else "objects do not have the same pose in the same view"
    if name == "shared appearance":
        unequal = table.unequal((), axis=0)
        return f"objects do not have the same {unequal} in the same view" if unequal else ""
    if name == "still":
        moving = table.unequal(known, axis=1)
        return f"{moving} differs between the views of an object" if moving else ""
    run = table.poses.shape[1] >= count and begins_of_runs(table.poses, count).any(axis=1).all()
    return "" if run else f"no {count} consecutive views of an object have a constant rotation step"
