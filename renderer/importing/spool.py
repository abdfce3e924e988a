"""Storage for the files of incomplete shards: in memory up to a budget, the rest on disk."""

import shutil
import struct
from pathlib import Path
from types import TracebackType
from typing import Self

from iebench.manifests.common.files import disk_error, own_folder

from .unpack import TOO_LARGE, Files

BUDGET = 1 << 28  # bytes in memory: enough for about 15 shards of 2,500 images
FOLDER = ".spool"
KINDS = ("image", "latent")
_HEAD = struct.Struct("<IBIq")  # object in the shard, kind, view, size in bytes; size -1: too large to keep

_Waiting = dict[tuple[int, str, int], bytes | OSError]  # (object in the shard, kind, view) -> content


class Spool:
    """Stores files by the number of their shard, and returns them shard by shard.

    Files beyond the memory budget are kept in the dataset's folder, in one file per shard, until the spool closes.
    Files of an earlier run are removed, because the archive is read again.
    """

    def __init__(self, out: Path, budget: int = BUDGET) -> None:
        self._folder, self._budget = out / FOLDER, budget
        self._waiting: dict[int, _Waiting] = {}
        self._bytes: dict[int, int] = {}
        self._total = 0

    def __enter__(self) -> Self:
        shutil.rmtree(self._folder, ignore_errors=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def add(self, shard: int, number: int, kind: str, view: int, content: bytes | OSError) -> None:
        """Store a file of the shard's object with this number.

        Raises
        ------
        DiskError : the disk has no space for files beyond the memory budget.
        """
        size = 0 if isinstance(content, OSError) else len(content)
        self._waiting.setdefault(shard, {})[number, kind, view] = content
        self._bytes[shard] = self._bytes.get(shard, 0) + size
        self._total += size
        if self._total > self._budget:
            self._spill(max(self._bytes, key=self._bytes.__getitem__))

    def take(self, shard: int, count: int) -> list[Files]:
        """Return all files stored for a shard, by object 0 .. count-1, and remove them from the spool."""
        objects: list[dict[tuple[str, int], bytes | OSError]] = [{} for _ in range(count)]
        path = self._folder / str(shard)
        if path.is_file():
            content = memoryview(path.read_bytes())
            start = 0
            while start < len(content):
                number, kind, view, size = _HEAD.unpack_from(content, start)
                start += _HEAD.size
                objects[number][KINDS[kind], view] = TOO_LARGE if size < 0 else bytes(content[start : start + size])
                start += max(size, 0)
            path.unlink()
        for (number, name, view), kept in self._forget(shard).items():
            objects[number][name, view] = kept
        return list(objects)

    def _spill(self, shard: int) -> None:
        path = self._folder / str(shard)
        own_folder(self._folder)
        try:
            with path.open("ab") as file:
                for (number, kind, view), content in self._forget(shard).items():
                    kept = None if isinstance(content, OSError) else content
                    file.write(_HEAD.pack(number, KINDS.index(kind), view, -1 if kept is None else len(kept)))
                    file.write(kept or b"")
        except OSError as error:
            raise disk_error(path, error) from error

    def _forget(self, shard: int) -> _Waiting:
        self._total -= self._bytes.pop(shard, 0)
        return self._waiting.pop(shard, {})
