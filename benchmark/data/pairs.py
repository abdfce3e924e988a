"""Fixed lists of view pairs and of tuning objects: functions of (seed, purpose, object), the same on every machine."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from iebench.manifests.latents import uniforms

Identity = tuple[str, str]
"""Identity of an object: (synset, object id)."""


def draw(objects: Sequence[Identity], views: int, rounds: int, seed: int, purpose: str) -> NDArray[np.int64]:
    """Draw ordered pairs of distinct views, uniform and independent over rounds.

    An object's pairs depend on its identity alone, not on the order or choice of objects.

    views : number of views per object, at least 2
    purpose : name of the list, such as "train pairs"; lists of different purposes are independent
    returns : (len(objects), rounds, 2) int64 in [0, views)
    """
    pairs = np.empty((len(objects), rounds, 2), np.int64)
    for row, (synset, object_id) in zip(pairs, objects, strict=True):
        u = uniforms(seed, synset, object_id, purpose, rounds)
        row[:, 0] = (u[:, 0] * views).astype(np.int64)
        step = 1 + (u[:, 1] * (views - 1)).astype(np.int64)  # 1 .. views-1: never the first view again
        row[:, 1] = (row[:, 0] + step) % views
    return pairs


def sequences(
    objects: Sequence[Identity], views: int, length: int, count: int, seed: int, purpose: str
) -> NDArray[np.int64]:
    """Draw sequences of distinct views, uniform and independent of one another; see `draw` for the arguments.

    length : views of a sequence, at most `views`; count : sequences of each object
    returns : (len(objects), count, length) int64 in [0, views)
    """
    drawn = np.empty((len(objects), count, length), np.int64)
    for row, (synset, object_id) in zip(drawn, objects, strict=True):
        keys = uniforms(seed, synset, object_id, purpose, count * views)[:, 0].reshape(count, views)
        row[:] = np.argsort(keys, axis=1)[:, :length]
    return drawn


def digest(objects: Sequence[Identity], pairs: NDArray[np.int64]) -> str:
    """Return the SHA-256 of a pair list and of its objects, in their order."""
    names = "\n".join("/".join(identity) for identity in objects)
    return hashlib.sha256(names.encode() + b"\0" + np.ascontiguousarray(pairs, "<i8").tobytes()).hexdigest()


def tuned(objects: Sequence[Identity], share: float, seed: int) -> NDArray[np.bool_]:
    """Select the tuning objects among train objects, about the fraction `share` of them: (len(objects),) bool.

    The selection of an object depends on its identity alone. With a share above 0, at least one is selected and one is
    not.
    """
    if share == 0:
        return np.zeros(len(objects), np.bool_)
    drawn = np.array([uniforms(seed, *identity, "tune", 1)[0, 0] for identity in objects])
    chosen: NDArray[np.bool_] = (drawn < max(share, np.nextafter(drawn.min(), 1))) & (drawn < drawn.max())
    return chosen
