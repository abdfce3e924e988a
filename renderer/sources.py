"""Sources: where objects come from. Each lists the objects of some classes; a renderer later loads them one by one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from iebench.manifests.taxonomy import ObjectClass, official_objects

from .errors import SourceError


@dataclass(frozen=True)
class ObjectRef:
    """One object of a plan.

    mesh : path of its mesh file, or None for a built-in object, whose instance number is its `object_id`
    """

    synset: str
    object_id: str
    class_name: str
    label: int
    split: str
    mesh: str | None


class Source(Protocol):
    """A collection of objects."""

    licence: str

    def __init__(self, path: Path | None) -> None:
        """Open the collection; `path` is what the user gave with `--source`, if anything.

        Raises
        ------
        SourceError : the path is not what this source reads.
        """

    def objects(self, classes: Sequence[ObjectClass], per_class: int | None) -> list[ObjectRef]:
        """The objects of some classes, at most `per_class` of each, both splits represented from two up."""


SOURCES: dict[str, type[Source]] = {}
S = TypeVar("S", bound=Source)


def source(name: str) -> Callable[[type[S]], type[S]]:
    """Register a source under the name that `--source` takes; it is made from the path given with it, if any."""

    def register(cls: type[S]) -> type[S]:
        SOURCES[name] = cls
        return cls

    return register


DEFAULT_PER_CLASS = 5  # there is no end of built-in objects, so some number must be chosen


@source("builtin")
class Builtin:
    """The procedural objects of `iebench.renderer.builtin`; every fifth goes to val, starting with the second."""

    licence = "CC0-1.0"

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            raise SourceError(f"the built-in objects need no path, got {path}: leave it out, or use --source shapenet")

    def objects(self, classes: Sequence[ObjectClass], per_class: int | None) -> list[ObjectRef]:
        count = per_class or DEFAULT_PER_CLASS
        return [
            ObjectRef(c.synset, f"{i:05d}", c.name, c.label, "val" if i % 5 == 1 else "train", None)
            for c in classes
            for i in range(count)
        ]


@source("shapenet")
class ShapeNet:
    """ShapeNetCore v2 as its authors ship it: PATH/SYNSET/OBJECT/models/model_normalized.obj.

    Objects and split are the official list of 3DIEBench; one that has no mesh in the folder is a failure of the run,
    not an error.
    """

    licence = "ShapeNet terms of use (non-commercial research); see shapenet.org/terms"

    def __init__(self, path: Path | None) -> None:
        if path is None:
            raise SourceError("--source shapenet needs the folder: iebench render --source shapenet PATH")
        if not path.is_dir():
            raise SourceError(f"no such folder: {path}; give the one that holds the synset folders (02691156, ...)")
        self.path = path

    def objects(self, classes: Sequence[ObjectClass], per_class: int | None) -> list[ObjectRef]:
        absent = [c for c in classes if not (self.path / c.synset).is_dir()]
        if absent:
            names = ", ".join(f"{c.synset} ({c.name})" for c in absent[:4]) + (", ..." if len(absent) > 4 else "")
            raise SourceError(f"{self.path} has no folder {names}: give ShapeNetCore v2's root, or choose --classes")
        wanted = {c.synset: c for c in classes}
        listed = [row for row in official_objects().to_pylist() if row["synset"] in wanted]
        chosen = []
        for synset, object_class in wanted.items():
            train = [r for r in listed if r["synset"] == synset and r["split"] == "train"]
            val = [r for r in listed if r["synset"] == synset and r["split"] == "val"]
            if per_class is not None:  # as close to 4 : 1 as both splits allow
                val = val[: max(1, per_class // 5) if per_class > 1 else 0]
                train = train[: per_class - len(val)]
            for row in train + val:
                mesh = self.path / synset / row["object_id"] / "models" / "model_normalized.obj"
                chosen.append(
                    ObjectRef(synset, row["object_id"], object_class.name, object_class.label, row["split"], str(mesh))
                )
        return chosen
