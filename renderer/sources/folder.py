"""The source `folder`: any folder of meshes with a folder for each class."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from iebench.manifests.taxonomy import ObjectClass

from ..errors import AssetError, SourceError
from .listing import FORMATS, LICENCE, Listed, collection_classes, is_mesh, rank, refs, sole_mesh
from .names import object_key, shown
from .registry import ObjectRef, source


@source("folder")
class Folder:
    """PATH/CLASS/OBJECT.obj (or another format), or PATH/CLASS/OBJECT/... with one mesh somewhere inside.

    Of OBJECT.obj and OBJECT.glb one is taken. A folder without a mesh is a failure of the run, but not where the class
    has mesh files too: then it holds their textures.
    """

    licence = LICENCE

    def __init__(self, path: Path | None) -> None:
        if path is None or not path.is_dir():
            raise SourceError(f"--source folder needs a folder of meshes, got {path}: iebench render --source PATH")
        self.path = path

    @staticmethod
    def recognises(path: Path) -> bool:
        return path.is_dir()

    @cached_property
    def _listed(self) -> dict[str, list[Listed]]:
        """Class name -> its objects, for classes that have any."""
        found = {shown(place.name): self._objects(place) for place in _folders(self.path)}
        return {name: listed for name, listed in found.items() if listed}

    def _objects(self, place: Path) -> list[Listed]:
        files: dict[str, Path] = {}
        for path in sorted((path for path in place.iterdir() if is_mesh(path) and path.is_file()), key=rank):
            files.setdefault(path.stem, path)
        listed = [self._one(name, path, self.path) for name, path in files.items()]
        for folder in _folders(place):
            if folder.name in files:
                continue
            try:
                listed.append(self._one(folder.name, sole_mesh(folder), folder))
            except AssetError:
                if not files:  # rendering says what is wrong with it
                    listed.append(self._one(folder.name, folder, folder))
        return listed

    def _one(self, name: str, mesh: Path, folder: Path) -> Listed:
        return Listed(object_key(shown(name)), mesh, folder, shown(mesh.relative_to(self.path).as_posix()))

    def classes(self) -> Sequence[ObjectClass]:
        """The folders in PATH, sorted by name.

        Raises
        ------
        SourceError : none of them holds a mesh.
        """
        if not any(one.mesh.is_file() for listed in self._listed.values() for one in listed):
            loose = next((path.name for path in sorted(self.path.iterdir()) if is_mesh(path)), None)
            raise SourceError(
                f"{self.path} has no folders CLASS/OBJECT{'|'.join(FORMATS)}: "
                + (f"put {loose} and the like into a folder for each class" if loose else "give the folder above them")
            )
        return collection_classes(list(self._listed))

    def objects(self, classes: Sequence[ObjectClass], per_class: int | None) -> list[ObjectRef]:
        return [ref for c in classes for ref in refs(c, self._listed[c.name], per_class)]


def _folders(place: Path) -> list[Path]:
    return sorted(p for p in place.iterdir() if p.is_dir() and not p.name.startswith((".", "__MACOSX")))
