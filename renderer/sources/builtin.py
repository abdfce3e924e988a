"""The source `builtin`: an unlimited number of procedural objects, without a download."""

from collections.abc import Sequence
from pathlib import Path

from iebench.manifests import taxonomy
from iebench.manifests.brief import number
from iebench.manifests.common.machine import free_memory
from iebench.manifests.taxonomy import ObjectClass

from ..errors import SourceError
from .registry import ObjectRef, source

DEFAULT_PER_CLASS = 5  # the number of built-in objects is unlimited, so a default is needed

PLANNED = 600  # bytes per object in a plan, as measured for docs/guides/cluster.md


@source("builtin")
class Builtin:
    """The procedural objects of `iebench.renderer.builtin`; every fifth object, from the second on, is in val."""

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
        if (taken := count * len(classes) * PLANNED) > (free := free_memory()):
            raise SourceError(
                f"{count:,} objects of each of {len(classes)} classes take about {number(taken / 1e9)} GB to plan, and "
                f"{free / 1e9:.1f} GB are free: lower --objects-per-class"
            )
        return [
            ObjectRef(c.synset, f"{i:05d}", c.name, c.label, "val" if i % 5 == 1 else "train", None)
            for c in classes
            for i in range(count)
        ]

    def notes(self) -> list[str]:
        return []
