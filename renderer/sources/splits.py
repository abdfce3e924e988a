"""Assignment of a collection's objects to train and val."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
VAL = 0.2


def split_of(synset: str, object_ids: Sequence[str]) -> dict[str, str]:
    """Return object id -> "train" or "val" for the objects of one class: four to one, by a hash of synset and id.

    Adding or removing an object does not change the split of the others, unless a split would be empty: with two or
    more objects, both splits have at least one.

    >>> split_of("mug", ["a", "b", "c", "d"])
    {'a': 'val', 'b': 'train', 'c': 'val', 'd': 'train'}
    """
    hashes = {object_id: _hash(synset, object_id) for object_id in object_ids}
    ordered = sorted(object_ids, key=lambda object_id: hashes[object_id])
    val = {object_id for object_id in ordered if hashes[object_id] < VAL}
    if len(ordered) == 1:
        val = set()
    elif not val:
        val = set(ordered[:1])
    elif len(val) == len(ordered):
        val.remove(ordered[-1])
    return {object_id: "val" if object_id in val else "train" for object_id in object_ids}


def _hash(synset: str, object_id: str) -> float:
    digest = hashlib.sha256("\x1f".join(["split", synset, object_id]).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def subset(train: Sequence[T], val: Sequence[T], count: int | None) -> tuple[list[T], list[T]]:
    """Return the first objects of both splits, `count` in total and as close to four to one as possible; all if None.

    >>> subset("abcdefgh", "xyz", 5)
    (['a', 'b', 'c', 'd'], ['x'])
    """
    if count is None:
        return list(train), list(val)
    target = max(1, count // 5) if count > 1 or not train else 0
    kept = list(val[: max(target, count - len(train))])
    return list(train[: count - len(kept)]), kept
