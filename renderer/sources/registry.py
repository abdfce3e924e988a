"""What a source is, and where sources are found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from iebench.manifests.installed import plugins
from iebench.manifests.taxonomy import ObjectClass

from ..errors import SourceError, UnknownName


@dataclass(frozen=True)
class ObjectRef:
    """One object of a plan.

    mesh : path of its mesh file, or of the folder that should hold one; None for a built-in object, whose instance
        number is its `object_id`
    archive : the zip file whose member `mesh` is, if it is one
    folder : nothing that the mesh refers to may lie outside this folder, of the disk or of the archive; by default
        the mesh's own
    path : what tables and messages call the mesh: its place in the collection, the same on every machine
    normalise : whether it is scaled to a bounding box with a diagonal of 1
    collection : no symbolic link may lead out of this folder; by default `folder`
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

    @property
    def shown(self) -> str:
        """The object's name in a message."""
        return self.path or self.mesh or f"{self.synset}/{self.object_id}"


class Source(Protocol):
    """A collection of objects."""

    licence: str

    def __init__(self, path: Path | None) -> None:
        """Open the collection; `path` is what the user gave with `--source`, if anything.

        Raises
        ------
        SourceError : the path is not what this source reads.
        """

    @staticmethod
    def recognises(path: Path) -> bool:
        """Whether this file or folder, which exists, looks like one of this source's collections."""

    def classes(self) -> Sequence[ObjectClass]:
        """All classes of the collection, in label order."""

    def objects(self, classes: Sequence[ObjectClass], per_class: int | None) -> list[ObjectRef]:
        """The objects of some classes, at most `per_class` of each, both splits represented from two up."""

    def notes(self) -> list[str]:
        """Sentences about how the collection was read, for the screen: what was passed over, or cannot be loaded."""


GROUP = "iebench.sources"  # entry points: name of a source -> module that registers it
_SOURCES: dict[str, type[Source]] = {}
S = TypeVar("S", bound=Source)


def source(name: str) -> Callable[[type[S]], type[S]]:
    """Register a source under the name that `--source` takes; it is made from the path given with it, if any."""

    def register(cls: type[S]) -> type[S]:
        _SOURCES[name] = cls
        return cls

    return register


def names() -> list[str]:
    """The names of all installed sources, iebench's own first."""
    return list(dict.fromkeys([*_SOURCES, *sorted(plugins.points(GROUP))]))


def find(name: str) -> type[Source]:
    """The registered source of that name; imports its module if need be.

    Raises
    ------
    UnknownName : no such source; suggests near ones.
    SourceError : its module cannot be imported, or does not register it.
    """
    if name in _SOURCES:
        return _SOURCES[name]
    points = plugins.points(GROUP)
    if name not in points:
        raise UnknownName("source", name, names())
    plugins.load(points[name], "source", _SOURCES, SourceError)
    return _SOURCES[name]


def open_source(chosen: str, path: Path | None = None) -> tuple[str, Source]:
    """The collection that `--source CHOSEN [PATH]` means, with its source's name.

    chosen : the name of a source, or the path of a collection whose kind is guessed from what lies there

    Raises
    ------
    UnknownName, SourceError : neither a source nor a collection, with the remedy.
    """
    if chosen in names():
        return chosen, find(chosen)(path)
    place = Path(chosen)
    if not place.exists():
        if place.name == chosen and not place.suffix:
            raise UnknownName("source", chosen, names())
        raise SourceError(f"no such file or folder: {chosen}; --source takes one of {', '.join(names())}, or a path")
    if path is not None:
        raise SourceError(f"--source {chosen} is a collection already, but {path} was given too: leave one out")
    points = plugins.points(GROUP)
    for name in sorted(names(), key=lambda name: name == "folder"):  # which takes any folder, so it comes last
        if plugins.attempt(points[name], _recognises, name, place) if name in points else _recognises(name, place):
            return name, find(name)(place)
    raise SourceError(f"{place} is neither a folder nor a .csv or .parquet file: give --source a collection of meshes")


def _recognises(name: str, place: Path) -> bool:
    return find(name).recognises(place)
