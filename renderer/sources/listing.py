"""Code shared by the sources `folder` and `manifest`: listed objects, messages about skipped files, refs of a class."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from iebench.manifests.taxonomy import ObjectClass

from ..errors import SourceError
from .names import class_key
from .registry import ObjectRef
from .splits import split_of, subset

LICENCE = "that of the meshes"
NAMED = 3  # most names listed in a sentence
CLIMBS = "leads out of its table's folder: put the table above the meshes, or write absolute paths"
"""Predicate, after a mesh's path, for a relative path that leaves the collection."""


@dataclass(frozen=True)
class Listed:
    """An object of a collection.

    object_id : object id in the form used in keys
    mesh : path of the mesh file, or of the folder that should contain one
    folder : files that the mesh refers to must lie in this folder
    path : path inside the collection
    collection : symbolic links must not lead out of this folder
    split : "train", "val", or "" for a split by hash
    problem : reason why it cannot be loaded, as far as file names show; rendering gives the same cause
    """

    object_id: str
    mesh: Path
    folder: Path
    path: str
    collection: Path
    split: str = ""
    problem: str = ""


def climbs(mesh: Path, folder: Path) -> bool:
    """True if a path, as written and without following links, leaves a folder.

    >>> climbs(Path("../a.obj"), Path(".")), climbs(Path("src/../a.obj"), Path("."))
    (True, False)
    """
    return not Path(os.path.abspath(mesh)).is_relative_to(os.path.abspath(folder))  # noqa: PTH100  links must stay


def counted(noun: str, names: Sequence[str]) -> str:
    """Return a count with the first names.

    >>> counted("files without a class", ["a", "b", "c", "d"])
    'files without a class: 4 (a, b, c, ...)'
    """
    some = ", ".join(names[:NAMED]) + (", ..." if len(names) > NAMED else "")
    return f"{noun}: {len(names):,} ({some})"


def failing(collection: Path, listed: Sequence[Listed]) -> list[str]:
    """Return a sentence about the objects that cannot be loaded; an empty list if there are none."""
    broken = [entry for entry in listed if entry.problem]
    text = counted("objects that cannot be loaded and will be failures", [entry.path for entry in broken])
    return [f"{collection}: {text}: {broken[0].problem}"] if broken else []


def collection_classes(class_names: Sequence[str]) -> tuple[ObjectClass, ...]:
    """Return the classes of a collection: the label is the rank of the name, the synset the name in key form."""
    ordered = sorted(set(class_names))
    return tuple(ObjectClass(class_key(name), name, label) for label, name in enumerate(ordered))


def refs(c: ObjectClass, listed: Sequence[Listed], per_class: int | None) -> list[ObjectRef]:
    """Return the refs of a class's objects, at most `per_class`; with two or more, both splits have at least one.

    Raises
    ------
    SourceError : two objects have the same id.
    """
    ordered = sorted(listed, key=lambda entry: entry.object_id)
    for entry, other in pairwise(ordered):
        if entry.object_id == other.object_id:
            raise SourceError(
                f"{entry.path} and {other.path} would both be {c.name}/{entry.object_id}: rename one of them"
            )
    hashed = split_of(c.synset, [entry.object_id for entry in ordered if not entry.split])
    made = [
        ObjectRef(
            c.synset, entry.object_id, c.name, c.label, entry.split or hashed[entry.object_id],
            str(entry.mesh), None, str(entry.folder), entry.path, normalise=True,
            collection=str(entry.collection),
        )
        for entry in ordered
    ]  # fmt: skip
    train, val = subset([r for r in made if r.split == "train"], [r for r in made if r.split == "val"], per_class)
    return train + val
