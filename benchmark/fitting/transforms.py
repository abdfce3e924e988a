"""Groups that act on views: what element leads from one view to another, and how elements compose."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iebench.baselines.action import ROTATION
from iebench.manifests.conventions import pose

from .context import Context, Rows, Split

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Group:
    """A group of transformations between views of an object.

    between : (split, rows (k, 2)) -> the elements (k, ...) that lead from the first view to the second
    compose : the element that does as the first and then the second; inverse : the one that undoes
    numbers : elements (k, ...) -> (k, m) functions of them, 1 first: what a linear map may mix with the representation
    """

    name: str
    between: Callable[[Split, Rows], Array]
    compose: Callable[[Array, Array], Array]
    inverse: Callable[[Array], Array]
    numbers: Callable[[Array], Array]


def trivial() -> Group:
    """Nobody says what changed: what any map is compared with."""
    return Group(
        name="nothing",
        between=lambda split, rows: np.ones((len(rows), 1)),
        compose=lambda first, second: first,
        inverse=lambda element: element,
        numbers=lambda element: element,
    )


def rotations() -> Group:
    """R12 = R1^-1 R2 as (k, 3, 3); R13 = R12 R23. With all nine entries a map can hold vectors and matrices exactly."""

    def between(split: Split, rows: Rows) -> Array:
        first, second = (pose(split.columns(ROTATION, column)).as_matrix() for column in rows.T)
        relative: Array = first.transpose(0, 2, 1) @ second
        return relative

    return Group(
        name="rotation",
        between=between,
        compose=lambda first, second: first @ second,
        inverse=lambda element: element.transpose(0, 2, 1),
        numbers=lambda element: np.concatenate([np.ones((len(element), 1)), element.reshape(-1, 9)], axis=1),
    )


def turns(name: str, latents: tuple[str, ...], context: Context) -> Group:
    """Steps (k, latents) on circles, in radians: R/2πZ for each of the latents; told as cosines and sines."""
    full = np.array([context.turns.get(latent, 1.0) for latent in latents])

    def between(split: Split, rows: Rows) -> Array:
        values = split.columns(latents, rows)
        step: Array = 2 * np.pi * (values[:, 1] - values[:, 0]) / full
        return step

    return Group(
        name=name,
        between=between,
        compose=lambda first, second: first + second,
        inverse=lambda element: -element,
        numbers=lambda element: np.concatenate([np.ones((len(element), 1)), np.cos(element), np.sin(element)], axis=1),
    )
