"""Bounds of an object's files: paths stay in its folder, and links stay in its collection."""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from iebench.manifests.common.causes import SOUND
from iebench.manifests.common.placeholders import placeholder

from ...errors import AssetError


class Bounds:
    """Folders that an object's files must not leave.

    folder : of the object; what its files refer to lies inside, as far as paths are written
    collection : of all objects; links end inside, or in the store of git-annex or the Hugging Face cache that holds
        the collection; None for the object's own folder
    """

    def __init__(self, folder: Path, collection: Path | None = None) -> None:
        self.folder = folder.resolve()  # without "..", so that a path can be seen to leave it
        self._collection = (folder if collection is None else collection).resolve()

    def check_link(self, path: Path, name: str) -> None:
        """Refuse a path that leads out of the collection by a link.

        name : what the message calls it

        Raises
        ------
        AssetError : it does.
        """
        real = Path(os.path.realpath(path))
        if not any(real.is_relative_to(folder) for folder in (self._collection, *_stores(self._collection))):
            raise AssetError(
                f"{name} leads out of its source by a symbolic link, which is not followed: put the file itself there, "
                "or give the folder that holds it"
            )

    def find(self, base: Path, name: str) -> Path | None:
        """The file that a mesh or material file in the folder `base` means by `name`: what Blender tries, in its order.

        Windows separators, quotes, underscores for spaces, and at last the bare name beside the file that names it.

        Raises
        ------
        AssetError : a pointer of Git LFS lies there in its place, or a link out of the collection.
        """
        plain = name.strip().strip("\"'").replace("\\", "/")
        for candidate in (name, plain, plain.replace("_", " "), unquote(plain), plain.rpartition("/")[2]):
            found = self._file(base / candidate) if candidate else None
            if found is not None:
                return found
        return None

    def _file(self, place: Path) -> Path | None:
        """The file at `place`, if it is one and the path as written does not leave the folder.

        >>> Bounds(Path("/data/chair"))._file(Path("/data/chair/../../etc/passwd")) is None
        True
        """
        plain = Path(os.path.normpath(place))
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
        except (OSError, ValueError) as error:  # a name that is too long, or holds a zero byte
            raise_machine_fault(error)
            return None


def raise_machine_fault(error: Exception) -> None:
    """Raise what is no fault of a file again: without a texture, the object would be drawn in its plain colour."""
    if isinstance(error, OSError) and error.errno in SOUND:
        raise error


def _stores(collection: Path) -> Iterator[Path]:
    """Folders above a collection where git-annex and the Hugging Face cache keep what links in it stand for."""
    for above in (collection, *collection.parents):
        yield above / ".git" / "annex" / "objects"
        if above.name == "snapshots":
            yield above.parent / "blobs"
