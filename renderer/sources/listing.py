"""What sources of loose mesh files share: which files are meshes, and refs from a list of them."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from iebench.manifests.taxonomy import ObjectClass

from ..errors import AssetError, SourceError
from .names import class_key
from .registry import ObjectRef
from .splits import split_of, subset

FORMATS = (".glb", ".gltf", ".obj", ".ply", ".stl", ".off")
"""What can be loaded; of one object in several formats the first of these is taken."""
LICENCE = "that of the meshes"


@dataclass(frozen=True)
class Listed:
    """An object of a collection.

    object_id : as a key holds it
    mesh : its file, or the folder that should hold one
    folder : nothing that the mesh refers to may lie outside
    path : its place in the collection
    split : "train", "val", or "" to let a hash decide
    """

    object_id: str
    mesh: Path
    folder: Path
    path: str
    split: str = ""


def is_mesh(path: Path) -> bool:
    """Whether a file's name is that of a mesh, and neither hidden nor a system's own."""
    return path.suffix.lower() in FORMATS and not path.name.startswith(".")


def rank(path: Path) -> tuple[int, str]:
    """Sorts files by format, then name."""
    return FORMATS.index(path.suffix.lower()), path.name


def sole_mesh(folder: Path) -> Path:
    """The mesh that a folder holds, at whatever depth.

    Raises
    ------
    AssetError : none, or several of its best format, so that any choice might be the wrong one.
    """
    found = sorted(_meshes(folder), key=rank)
    if not found:
        raise AssetError(f"no mesh file in {folder.name}: none of its files ends in {', '.join(FORMATS)}")
    best = [path for path in found if path.suffix.lower() == found[0].suffix.lower()]
    if len(best) > 1:
        some = ", ".join(str(path.relative_to(folder)) for path in best[:3])
        raise AssetError(f"{folder.name} holds {len(best)} meshes ({some}): name one for each object in a CSV manifest")
    return best[0]


def _meshes(folder: Path) -> Iterator[Path]:
    for place, inner, files in os.walk(folder):
        inner[:] = sorted(name for name in inner if not name.startswith((".", "__MACOSX")))
        yield from (path for name in files if is_mesh(path := Path(place) / name))


def collection_classes(class_names: Sequence[str]) -> tuple[ObjectClass, ...]:
    """The classes of a collection: the label is the rank of the name, the synset the name as a key holds it."""
    ordered = sorted(set(class_names))
    return tuple(ObjectClass(class_key(name), name, label) for label, name in enumerate(ordered))


def refs(c: ObjectClass, listed: Sequence[Listed], per_class: int | None) -> list[ObjectRef]:
    """The refs of a class's objects, at most `per_class`, both splits represented from two up.

    Raises
    ------
    SourceError : two objects of the same id.
    """
    ordered = sorted(listed, key=lambda one: one.object_id)
    for one, other in pairwise(ordered):
        if one.object_id == other.object_id:
            raise SourceError(f"{one.path} and {other.path} would both be {c.name}/{one.object_id}: rename one of them")
    hashed = split_of(c.synset, [one.object_id for one in ordered if not one.split])
    made = [
        ObjectRef(
            c.synset, one.object_id, c.name, c.label, one.split or hashed[one.object_id],
            str(one.mesh), None, str(one.folder), one.path, normalise=True,
        )
        for one in ordered
    ]  # fmt: skip
    train, val = subset([r for r in made if r.split == "train"], [r for r in made if r.split == "val"], per_class)
    return train + val
