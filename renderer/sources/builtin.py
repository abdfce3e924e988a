"""The source `builtin`: procedural objects, without end and without a download."""

from collections.abc import Sequence
from pathlib import Path

from iebench.manifests import taxonomy
from iebench.manifests.taxonomy import ObjectClass

from ..errors import SourceError
from .registry import ObjectRef, source

DEFAULT_PER_CLASS = 5  # there is no end of built-in objects, so some number must be chosen


@source("builtin")
class Builtin:
    """The procedural objects of `iebench.renderer.builtin`; every fifth goes to val, starting with the second."""

    licence = "CC0-1.0"

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            raise SourceError(f"the built-in objects need no path, got {path}: leave it out, or use --source {path}")

    @staticmethod
    def recognises(path: Path) -> bool:
        return False

    def classes(self) -> Sequence[ObjectClass]:
        return taxonomy.classes()

    def objects(self, classes: Sequence[ObjectClass], per_class: int | None) -> list[ObjectRef]:
        count = per_class or DEFAULT_PER_CLASS
        return [
            ObjectRef(c.synset, f"{i:05d}", c.name, c.label, "val" if i % 5 == 1 else "train", None)
            for c in classes
            for i in range(count)
        ]

    def notes(self) -> list[str]:
        return []
