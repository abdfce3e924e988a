"""Latents: each value is a pure function of (dataset seed, synset, object id, view, factor name).

A Philox generator takes everything but the view as its key, and the view as its counter. The values therefore do not
depend on the order, the subset or the number of workers, and adding a factor or an object changes no other value. Two
factors share random numbers if they name the same stream. A factor with `shared` has the same values for all objects;
one that is `drawn` in some views only has the value of view 0 in all others.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray

from .factors import Factor
from .recipe import Recipe

Array = NDArray[np.float64]


def uniforms(seed: int, synset: str, object_id: str, stream: str, views: int) -> Array:
    """Return four independent uniform random numbers for each of views 0 .. views-1.

    returns : (views, 4) float64 in [0, 1), multiples of 2^-53
    """
    digest = hashlib.sha256("\x1f".join([str(seed), synset, object_id, stream]).encode()).digest()
    philox = np.random.Philox(key=int.from_bytes(digest[:16], "little"))
    words = philox.random_raw(4 * views).reshape(views, 4)  # one counter step gives four 64-bit words: one view
    return (words >> np.uint64(11)).astype(np.float64) * 2.0**-53


def draw(factor: Factor, seed: int, synset: str, object_id: str, views: int) -> Array:
    """Return the factor's values for views 0 .. views-1 of one object: (views,) float64."""
    owner = ("", "") if factor.shared else (synset, object_id)
    numbers = uniforms(seed, *owner, factor.stream or factor.name, views)
    return factor.law.value(numbers, np.arange(views))[factor.origins(views)]


def draw_all(recipe: Recipe, seed: int, synset: str, object_id: str, views: int) -> dict[str, Array]:
    """Return all latents of one object by factor name, in the recipe's order; each (views,) float64."""
    return {factor.name: draw(factor, seed, synset, object_id, views) for factor in recipe.factors}
