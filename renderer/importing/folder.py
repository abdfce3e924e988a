"""A published dataset in an unpacked folder."""

import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from iebench.manifests.common.causes import read_failure

from ..errors import SourceError
from ..plan import Shard
from .census import Census, ObjectKey
from .published import LAYOUT, file_name, place_of
from .unpack import LARGEST, TOO_LARGE, Files

DEEPEST = 5  # most folder levels that are searched; links are followed, even in a circle


class Folder:
    """Finds the objects of a folder; the worker that packs a shard reads its files.

    Raises
    ------
    SourceError : the folder contains no file of the layout, or a folder cannot be read.
    """

    def __init__(self, path: Path, views: int) -> None:
        self.census, self._views = Census(), views
        self._where: dict[ObjectKey, str] = {}
        self._walk(os.fspath(path), "", DEEPEST)
        if not len(self.census):
            raise SourceError(f"{path} holds no {LAYOUT}: give the published folder, tar or tar.gz")

    def _walk(self, folder: str, inside: str, deeper: int) -> None:
        try:
            with os.scandir(folder) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            raise SourceError(read_failure(Path(folder), error, "make it readable")) from error
        for entry in entries:
            path = f"{inside}/{entry.name}"
            if entry.is_dir():
                if deeper:
                    self._walk(entry.path, path, deeper - 1)
                continue
            place = place_of(path)
            self.census.add(place)
            if place is not None:
                self._where.setdefault((place.synset, place.object_id), folder)

    def jobs(self, shards: Sequence[Shard]) -> "Iterator[tuple[Shard, partial[list[Files]]]]":
        """Yield each shard with the function that reads its objects' files, in order."""
        for shard in shards:
            folders = [self._where.get((ref.synset, ref.object_id)) for ref in shard.objects]
            yield shard, partial(read_objects, folders, self._views)


def read_objects(folders: Sequence[str | None], views: int) -> list[Files]:
    """Read views 0 .. views-1 of some objects; a folder of None gives an object without files."""
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
