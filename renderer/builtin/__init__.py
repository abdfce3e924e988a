"""Built-in objects: 55 procedural classes with ShapeNet's synsets. An object depends only on class and instance."""

import hashlib
import importlib
import pkgutil

import numpy as np

from .kit import Part, joined
from .registry import GENERATORS, Dice

for _module in pkgutil.walk_packages(__path__, f"{__name__}."):
    importlib.import_module(_module.name)

__all__ = ["GENERATORS", "Part", "build", "joined"]


def build(synset: str, instance: int) -> list[Part]:
    """Return instance `instance` of the built-in class `synset`; the same arguments always give the same parts.

    The object is normalised like ShapeNetCore v2: bounding box centred at the origin with a diagonal of 1.

    >>> parts = build("03797390", 0)
    >>> corners = np.vstack([p.vertices for p in parts])
    >>> round(float(np.linalg.norm(np.ptp(corners, axis=0))), 6)
    1.0
    """
    digest = hashlib.sha256(f"builtin/{synset}/{instance}".encode()).digest()
    rng = np.random.Generator(np.random.Philox(int.from_bytes(digest[:16], "little")))
    proportions = rng.uniform(0.9, 1.1, 3)  # so that no two instances are equal, even if a generator has few choices
    parts = [part.scaled(proportions) for part in GENERATORS[synset](Dice(rng))]
    corners = np.vstack([part.vertices for part in parts])
    low, high = corners.min(0), corners.max(0)
    scale = 1 / np.linalg.norm(high - low)
    return [Part((p.vertices - (low + high) / 2) * scale, p.faces, p.color) for p in parts]
