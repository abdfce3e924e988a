"""The source `shapenet`: ShapeNetCore v2, unpacked or as the distributed zip files."""

import os
from collections.abc import Sequence
from pathlib import Path

from iebench.manifests import taxonomy
from iebench.manifests.taxonomy import ObjectClass, official_objects

from ..errors import SourceError
from .listing import counted
from .registry import ObjectRef, source
from .splits import subset

MESH = "models/model_normalized.obj"


@source("shapenet")
class ShapeNet:
    """PATH/SYNSET/OBJECT/models/model_normalized.obj, or PATH/SYNSET.zip with members SYNSET/OBJECT/models/...

    Objects and splits come from the official list of 3DIEBench. A listed object without a mesh is recorded as a failure
    and does not stop the run. A zip file is not unpacked: an object's members are extracted when it is rendered.
    """

    licence = "ShapeNet terms of use (non-commercial research); see shapenet.org/terms"

    def __init__(self, path: Path | None) -> None:
        if path is None:
            raise SourceError("--source shapenet needs the folder: iebench render --source shapenet PATH")
        if not path.is_dir():
            raise SourceError(f"no such folder: {path}; give the one that holds the synset folders (02691156, ...)")
        self.path = path
        self._unlisted: list[str] = []

    @staticmethod
    def recognises(path: Path) -> bool:
        synsets = {c.synset for c in taxonomy.classes()}
        return path.is_dir() and any(
            inner.name.removesuffix(".zip") in synsets and (inner.is_dir() or inner.suffix == ".zip")
            for inner in path.iterdir()
        )

    def classes(self) -> Sequence[ObjectClass]:
        return taxonomy.classes()

    def objects(self, classes: Sequence[ObjectClass], per_class: int | None) -> list[ObjectRef]:
        folders = {c.synset: self.path / c.synset for c in classes}
        archives = {synset: folder.with_name(f"{synset}.zip") for synset, folder in folders.items()}
        absent = [c for c in classes if not folders[c.synset].is_dir() and not archives[c.synset].is_file()]
        if absent:
            count = sum(folder.is_dir() for folder in self.path.iterdir())
            shown = ", ".join(f"{c.synset} ({c.name})" for c in absent[:4]) + (", ..." if len(absent) > 4 else "")
            raise SourceError(
                f"{self.path} has no folder or zip {shown}: give ShapeNetCore v2's root, or choose --classes"
                + (f" (it holds {count} folders)" if count else "")
            )
        listed: dict[str, dict[str, list[str]]] = {c.synset: {"train": [], "val": []} for c in classes}
        for row in official_objects().to_pylist():
            if row["synset"] in listed:
                listed[row["synset"]][row["split"]].append(row["object_id"])
        self._unlisted = [
            f"{synset}/{name}"
            for synset, by_split in listed.items()
            if folders[synset].is_dir()
            for name in sorted(_names(folders[synset]).difference(*by_split.values()))
        ]
        chosen = []
        for c in classes:
            train, val = subset(listed[c.synset]["train"], listed[c.synset]["val"], per_class)
            for split, ids in (("train", train), ("val", val)):
                chosen += [self._ref(c, object_id, split, folders, archives) for object_id in ids]
        return chosen

    def notes(self) -> list[str]:
        """Return a sentence about folders of the chosen classes that are not in the official list."""
        if not self._unlisted:
            return []
        text = counted("folders that the official list of 3DIEBench lacks", self._unlisted)
        return [f"{self.path}: skipped: {text}; to render them too, give --source folder {self.path}"]

    def _ref(
        self, c: ObjectClass, object_id: str, split: str, folders: dict[str, Path], archives: dict[str, Path]
    ) -> ObjectRef:
        member = f"{c.synset}/{object_id}/{MESH}"
        identity = (c.synset, object_id, c.name, c.label, split)
        if folders[c.synset].is_dir():
            folder = folders[c.synset] / object_id
            return ObjectRef(*identity, str(folder / MESH), None, str(folder), member, collection=str(self.path))
        archive = str(archives[c.synset])
        return ObjectRef(*identity, member, archive, f"{c.synset}/{object_id}", member, collection=str(self.path))


def _names(folder: Path) -> set[str]:
    """Return the names in a class's folder, without hidden files; there may be thousands, so they are not opened."""
    return {entry.name for entry in os.scandir(folder) if not entry.name.startswith((".", "__MACOSX"))}
