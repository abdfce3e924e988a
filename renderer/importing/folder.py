"""A published dataset in an unpacked folder."""

import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from iebench.manifests.common.causes import read_failure

from ..errors import AssetError, SourceError
from ..meshes.shared.bounds import Bounds
from ..plan import Shard
from .census import Census, ObjectKey
from .published import LAYOUT, file_key, file_name
from .unpack import LARGEST, TOO_LARGE, Files

DEEPEST = 5  # most folder levels that are searched, because links inside the folder may form a cycle


class Folder:
    """Finds the objects of a folder; the worker that packs a shard reads its files.

    Raises
    ------
    SourceError : the folder contains no file of the layout, a link out of it, or a pipe; or a folder cannot be read.
    """

    def __init__(self, path: Path, views: int) -> None:
        self.census, self._views = Census(), views
        self._folders: dict[ObjectKey, str] = {}
        self._bounds = Bounds(path)
        self._walk(os.fspath(path), "", DEEPEST)
        if not len(self.census):
            raise SourceError(f"{path} holds no {LAYOUT}: give the published folder, tar or tar.gz")

    def _walk(self, folder: str, inside: str, deeper: int) -> None:
        try:
            with os.scandir(folder) as scan:
                entries = [(entry, self._is_folder(entry)) for entry in sorted(scan, key=lambda entry: entry.name)]
        except OSError as error:
            raise SourceError(
                read_failure(Path(error.filename or folder), error, "make it readable, or remove it")
            ) from error
        except AssetError as error:
            raise SourceError(str(error)) from error
        for entry, is_folder in entries:
            path = f"{inside}/{entry.name}"
            if is_folder:
                if deeper:
                    self._walk(entry.path, path, deeper - 1)
                continue
            key = file_key(path)
            self.census.add(key)
            if key is not None:
                self._folders.setdefault((key.synset, key.object_id), folder)

    def _is_folder(self, entry: os.DirEntry[str]) -> bool:
        """True for a folder and False for a file; raises AssetError for a link out of the source, or a pipe."""
        if entry.is_symlink():
            self._bounds.check_link(Path(entry.path), entry.path)
        if entry.is_dir():
            return True
        if not entry.is_file() and os.path.exists(entry.path):  # noqa: PTH110  a link may lead nowhere
            raise AssetError(f"{entry.path} is not a regular file: remove it")
        return False

    def jobs(self, shards: Sequence[Shard]) -> "Iterator[tuple[Shard, partial[list[Files]]]]":
        """Yield each shard with the function that reads its objects' files, in order."""
        for shard in shards:
            folders = [self._folders.get((ref.synset, ref.object_id)) for ref in shard.objects]
            yield shard, partial(read_objects, folders, self._views)


def read_objects(folders: Sequence[str | None], views: int) -> list[Files]:
    """Read views 0 .. views-1 of some objects; None in place of a folder stands for an object without files."""
    return [_read_object(folder, views) if folder else {} for folder in folders]


def _read_object(folder: str, views: int) -> Files:
    files: dict[tuple[str, int], bytes | OSError] = {}
    for view in range(views):
        for kind in ("image", "latent"):
            try:
                with open(f"{folder}/{file_name(kind, view)}", "rb", buffering=0) as file:  # noqa: PTH123  a third faster
                    files[kind, view] = file.read() if os.fstat(file.fileno()).st_size <= LARGEST else TOO_LARGE
            except FileNotFoundError:
                continue
            except OSError as error:
                files[kind, view] = error
    return files
