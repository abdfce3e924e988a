"""Limits on the location of an object's files: paths stay in its folder, and links stay in its collection."""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from iebench.manifests.common.causes import SOUND
from iebench.manifests.common.placeholders import placeholder

from ...errors import AssetError


class Bounds:
    """Folders that an object's files must not leave.

    folder : folder of the object; all referenced paths, as written, must lie inside it
    collection : folder of all objects; targets of links must lie inside it, or in the git-annex store or Hugging Face
        cache to which the collection belongs; None for the object's own folder
    """

    def __init__(self, folder: Path, collection: Path | None = None) -> None:
        self.folder = folder.resolve()  # without "..", so that paths can be compared with it
        self._collection = (folder if collection is None else collection).resolve()

    def check_link(self, path: Path, name: str) -> None:
        """Refuse a path that leaves the collection through a link.

        name : name of the file in the message

        Raises
        ------
        AssetError : the path leaves the collection.
        """
        real = Path(os.path.realpath(path))
        if not any(real.is_relative_to(folder) for folder in (self._collection, *_stores(self._collection))):
            raise AssetError(
                f"{name} leads out of its source by a symbolic link, which is not followed: put the file itself there, "
                "or give the folder that holds it"
            )

    def find(self, base: Path, name: str) -> Path | None:
        """Find the file that a mesh or material file in the folder `base` calls `name`; None if there is none.

        It tries the same variants as Blender, in the same order: Windows separators, quotes, underscores for spaces,
        and finally the file name without its folders, in `base`.

        Raises
        ------
        AssetError : the file is a Git LFS pointer, or a link that leaves the collection.
        """
        plain = name.strip().strip("\"'").replace("\\", "/")
        for candidate in (name, plain, plain.replace("_", " "), unquote(plain), plain.rpartition("/")[2]):
            file = self._file(base / candidate) if candidate else None
            if file is not None:
                return file
        return None

    def _file(self, path: Path) -> Path | None:
        """Return the path if it is a file and, as written, does not leave the folder; else None.

        >>> Bounds(Path("/data/chair"))._file(Path("/data/chair/../../etc/passwd")) is None
        True
        """
        plain = Path(os.path.normpath(path))
        try:
            if not plain.is_relative_to(self.folder):
                return None
            shown = str(plain.relative_to(self.folder))
            if words := placeholder(plain):
                raise AssetError(f"{shown} {words}")
            if not plain.is_file():
                return None
            self.check_link(plain, shown)
            return plain
        except (OSError, ValueError) as error:  # the name is too long, or contains a zero byte
            raise_machine_fault(error)
            return None


def raise_machine_fault(error: Exception) -> None:
    """Raise errors of the machine again; treating them as a missing texture would render the object without it."""
    if isinstance(error, OSError) and error.errno in SOUND:
        raise error


def _stores(collection: Path) -> Iterator[Path]:
    """Yield the folders in which git-annex and the Hugging Face cache store the targets of a collection's links."""
    for above in (collection, *collection.parents):
        yield above / ".git" / "annex" / "objects"
        if above.name == "snapshots":
            yield above.parent / "blobs"
