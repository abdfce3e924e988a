"""Groups that act on views: the element that maps one view to another, and the composition of elements."""

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

    between : (split, rows (k, 2)) -> elements (k, ...) that map the first view to the second
    compose : product of two elements, the first applied first; inverse : inverse element
    numbers : elements (k, ...) -> (k, m) functions of them, the first one 1: factors of a linear map on representations
    """

    name: str
    between: Callable[[Split, Rows], Array]
    compose: Callable[[Array, Array], Array]
    inverse: Callable[[Array], Array]
    numbers: Callable[[Array], Array]


def trivial() -> Group:
    """Return the trivial group, the reference for all maps: no information about the transformation."""
    return Group(
        name="nothing",
        between=lambda split, rows: np.ones((len(rows), 1)),
        compose=lambda first, second: first,
        inverse=lambda element: element,
        numbers=lambda element: element,
    )


def rotations() -> Group:
    """Return the group of R12 = R1^-1 R2 as (k, 3, 3); R13 = R12 R23.

    Nine entries represent vectors and matrices exactly.
    """

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
    """Return steps (k, latents) of circular latents, in radians: R/2πZ each; represented by cosines and sines."""
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
