"""Interface of a source, and the registry of sources."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from iebench.manifests.installed.registry import Registry
from iebench.manifests.taxonomy import ObjectClass

from ..errors import SourceError


@dataclass(frozen=True)
class ObjectRef:
    """One object of a plan.

    mesh : path of the mesh file, or of the folder that should contain one; None for a built-in object, whose instance
        number is its `object_id`
    archive : zip file that contains `mesh` as a member; None for a file on disk
    folder : files that the mesh refers to must lie in this folder, on disk or in the archive; default: the mesh's
        folder
    path : path of the mesh inside the collection, for tables and messages; the same on every machine
    normalise : True if it is scaled to a bounding box with a diagonal of 1
    collection : symbolic links must not lead out of this folder; default: `folder`
    companions : the other objects of its scene; the dataset has views of this object, which happen to show those
    """

    synset: str
    object_id: str
    class_name: str
    label: int
    split: str
    mesh: str | None
    archive: str | None = None
    folder: str | None = None
    path: str = ""
    normalise: bool = False
    collection: str | None = None
    companions: tuple["ObjectRef", ...] = ()

    @property
    def shown(self) -> str:
        """Name of the object in a message."""
        return self.path or self.mesh or f"{self.synset}/{self.object_id}"


class Source(Protocol):
    """A collection of objects."""

    licence: str

    def __init__(self, path: Path | None) -> None:
        """Open the collection; `path` is the path given with `--source`, or None.

        Raises
        ------
        SourceError : this source cannot read the path.
        """

    @staticmethod
    def recognises(path: Path) -> bool:
        """True if this existing file or folder looks like a collection of this source."""

    def classes(self) -> Sequence[ObjectClass]:
        """Return all classes of the collection, in label order."""

    def objects(self, classes: Sequence[ObjectClass], per_class: int | None) -> list[ObjectRef]:
        """Return the objects of some classes, at most `per_class` each; with two or more, no split is empty."""

    def notes(self) -> list[str]:
        """Return sentences for the user about the collection: skipped files, and objects that cannot be loaded."""


SOURCES: Registry[type[Source]] = Registry("source", "iebench.sources", SourceError)
S = TypeVar("S", bound=Source)


def source(name: str) -> Callable[[type[S]], type[S]]:
    """Return a decorator that registers a source under its name for `--source`."""
    return SOURCES.register(name)


def open_source(chosen: str, path: Path | None = None) -> tuple[str, Source]:
    """Open the collection given by `--source CHOSEN [PATH]`; return its source's name and the collection.

    chosen : name of a source, or path of a collection whose kind is detected from its content

    Raises
    ------
    UnknownName, SourceError : `chosen` is neither a source nor a collection; the message gives the remedy.
    """
    if chosen in SOURCES:
        return chosen, SOURCES[chosen](path)
    collection = Path(chosen)
    if not collection.exists():
        if collection.name == chosen and not collection.suffix:
            raise SOURCES.unknown(chosen)
        raise SourceError(f"no such file or folder: {chosen}; --source takes one of {', '.join(SOURCES)}, or a path")
    if path is not None:
        raise SourceError(f"--source {chosen} is a collection already, but {path} was given too: leave one out")
    for name in sorted(SOURCES, key=lambda name: name == "folder"):  # last, because it accepts any folder
        if SOURCES.attempt(name, _recognises, name, collection):
            return name, SOURCES[name](collection)
    raise SourceError(
        f"{collection} is neither a folder nor a .csv or .parquet file: give --source a collection of meshes"
    )


def _recognises(name: str, path: Path) -> bool:
    return SOURCES[name].recognises(path)
