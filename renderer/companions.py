"""Choice of the further objects that a recipe with `objects` above 1 shows beside each object."""

import hashlib
from bisect import bisect
from collections.abc import Sequence
from dataclasses import replace

from .errors import UsageError
from .sources import ObjectRef


def with_companions(objects: Sequence[ObjectRef], seed: int, count: int) -> list[ObjectRef]:
    """Give each object the other objects of its scene, which are of its own split.

    All objects of a split lie on a circle at hashed places. The companions of an object are the next ones from a place
    that depends on seed and object. So they are a pure function of the list, and one object more in the list is a
    companion of few others and changes no other choice (consistent hashing, Karger et al. 1997).

    objects : of the whole request, before --limit; count : objects in a scene, the object itself among them

    Raises
    ------
    UsageError : a split has fewer objects than a scene shows.
    """
    rings = {split: _ring(objects, split) for split in {ref.split for ref in objects}}
    for split, ring in rings.items():
        if len(ring) < count:
            raise UsageError(
                f"the recipe shows {count} objects in a scene, and split {split} has {len(ring)}: choose more "
                "--classes or a larger --objects-per-class, or a recipe with objects = 1"
            )
    return [replace(ref, companions=_companions(ref, rings[ref.split], seed, count)) for ref in objects]


def _ring(objects: Sequence[ObjectRef], split: str) -> list[tuple[int, ObjectRef]]:
    places = [(_place(ref.synset, ref.object_id), ref) for ref in objects if ref.split == split]
    return sorted(places, key=lambda entry: entry[0])


def _companions(ref: ObjectRef, ring: list[tuple[int, ObjectRef]], seed: int, count: int) -> tuple[ObjectRef, ...]:
    start = bisect(ring, _place(str(seed), ref.synset, ref.object_id), key=lambda entry: entry[0])
    following = (ring[(start + step) % len(ring)][1] for step in range(count))
    return tuple(other for other in following if other != ref)[: count - 1]


def _place(*names: str) -> int:
    return int.from_bytes(hashlib.sha256("\x1f".join(("companion", *names)).encode()).digest()[:8])
