"""The source `folder`: a folder of meshes with one folder per class."""

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from iebench.manifests.taxonomy import ObjectClass
from iebench.manifests.text.plain_text import cleaned

from ..errors import AssetError, SourceError
from .formats import FORMATS, is_mesh, is_model, models_in, rank, sole_mesh, unread
from .layout import ClassFolder, class_folders, folders
from .listing import LICENCE, Listed, collection_classes, counted, failing, refs
from .names import object_key
from .registry import ObjectRef, source


@source("folder")
class Folder:
    """PATH/CLASS/OBJECT.obj (or another format), or PATH/CLASS/OBJECT/... with one mesh at any depth.

    Split folders may be above or below class folders (see `layout`). If an object has several formats, such as
    OBJECT.obj and OBJECT.glb, one of them is used. An object that cannot be loaded is recorded as a failure: an
    unsupported format, or a folder with several meshes or none. A folder without a mesh that lies beside mesh files is
    a folder of textures.
    """

    licence = LICENCE

    def __init__(self, path: Path | None) -> None:
        if path is None or not path.is_dir():
            raise SourceError(f"--source folder needs a folder of meshes, got {path}: iebench render --source PATH")
        self.path = path
        self._skipped: dict[str, list[str]] = {}  # reason -> skipped paths
        self._by_split = Counter[tuple[str, str]]()  # (split, folder that gives it) -> number of objects

    @staticmethod
    def recognises(path: Path) -> bool:
        return path.is_dir()

    @cached_property
    def _listed(self) -> dict[str, list[Listed]]:
        """Class name -> its objects, for classes that have at least one."""
        by_class: dict[str, list[Listed]] = {}
        self._skip("mesh files outside of class folders", filter(is_model, sorted(self.path.iterdir())))
        groups, beside = class_folders(self.path)
        self._skip("folders beside split folders", beside)
        for class_folder in groups:
            objects = self._objects(class_folder)
            if objects:
                ids = {entry.object_id for entry in by_class.get(cleaned(class_folder.name), [])}
                if class_folder.split:
                    self._by_split[class_folder.split, class_folder.split_folder] += len(objects)
                by_class.setdefault(cleaned(class_folder.name), []).extend(
                    _apart(entry, class_folder, ids) for entry in objects
                )
            else:
                self._skip("folders without a mesh, which are not classes", [class_folder.path])
        return by_class

    def _objects(self, class_folder: ClassFolder) -> list[Listed]:
        files: dict[str, Path] = {}
        for path in sorted(
            (path for path in class_folder.path.iterdir() if is_model(path) and path.is_file()), key=rank
        ):
            if files.setdefault(path.stem, path) != path:
                self._skip("files of an object that is loaded in another format", [path])
        listed = [
            self._entry(class_folder, name, path, self.path, "" if is_mesh(path) else f"{path.name} {unread(path)}")
            for name, path in files.items()
        ]
        for folder in folders(class_folder.path):
            models = models_in(folder)
            if folder.name in files or (files and not models):
                self._skip("folders beside mesh files, which contain their textures", [folder])
                continue
            try:
                listed.append(self._entry(class_folder, folder.name, sole_mesh(folder, models), folder))
                self._skip("files of an object that is loaded in another format", models[1:])
            except AssetError as error:
                listed.append(self._entry(class_folder, folder.name, folder, folder, str(error)))
        return listed

    def _entry(self, class_folder: ClassFolder, name: str, mesh: Path, folder: Path, problem: str = "") -> Listed:
        path = cleaned(mesh.relative_to(self.path).as_posix())
        return Listed(object_key(cleaned(name)), mesh, folder, path, self.path, class_folder.split, cleaned(problem))

    def _skip(self, kind: str, paths: Iterable[Path]) -> None:
        self._skipped.setdefault(kind, []).extend(cleaned(path.relative_to(self.path).as_posix()) for path in paths)

    def classes(self) -> Sequence[ObjectClass]:
        """Return the classes, sorted by name.

        Raises
        ------
        SourceError : no object can be loaded.
        """
        problems = [entry.problem for listed in self._listed.values() for entry in listed]
        if not all(problems):
            return collection_classes(list(self._listed))
        if problem := next((p for p in problems if not p.startswith("no mesh file")), ""):
            tops = folders(self.path)
            above = f"; or give {tops[0]} if the folders in it are the classes" if len(tops) == 1 else ""
            raise SourceError(
                f"{self.path} has no object that can be loaded; first of {len(problems)}: {problem}{above}"
            )
        loose = next((path.name for path in sorted(self.path.iterdir()) if is_model(path)), None)
        raise SourceError(
            f"{self.path} has no folders CLASS/OBJECT{'|'.join(FORMATS)}: "
            + (f"put meshes such as {loose} into one folder per class" if loose else "give the folder above them")
        )

    def objects(self, classes: Sequence[ObjectClass], per_class: int | None) -> list[ObjectRef]:
        return [ref for c in classes for ref in refs(c, self._listed[c.name], per_class)]

    def notes(self) -> list[str]:
        """Return one sentence each about skipped files, unloadable objects, and splits given by folders."""
        everything = [entry for listed in self._listed.values() for entry in listed]
        sentences = []
        if self._by_split:
            parts = (f"{name} ({n:,} objects) is {split}" for (split, name), n in sorted(self._by_split.items()))
            sentences.append(f"{self.path}: its folders give the split: {', '.join(parts)}")
        sentences += failing(self.path, everything)
        if skipped := [counted(kind, paths) for kind, paths in self._skipped.items() if paths]:
            sentences.append(f"{self.path}: skipped: {'; '.join(skipped)}")
        return sentences


def _apart(entry: Listed, class_folder: ClassFolder, ids: Container[str]) -> Listed:
    """Return the object, with another id if an object of another split has its id: each split may count from 1."""
    return (
        replace(entry, object_id=object_key(f"{entry.object_id}_{class_folder.split_folder}"))
        if entry.object_id in ids
        else entry
    )
