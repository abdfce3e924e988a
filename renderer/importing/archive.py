"""A published dataset as a tar or tar.gz, read once from front to back, with its files in any order.

The plan (the official list) is fixed beforehand, so a file's shard is known when the file is read. The file is kept in
the spool until its shard is complete.
"""

import gzip
import io
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO

from iebench.manifests.common.causes import SOUND, read_failure, reason
from iebench.manifests.common.placeholders import placeholder
from iebench.manifests.common.progress import Meter
from iebench.manifests.errors import InvalidValue

from ..errors import DamagedSource, SourceError
from ..plan import Shard
from .census import Census
from .published import LAYOUT, FileKey, file_key
from .spool import Spool
from .unpack import LARGEST, TOO_LARGE, Files

GZIP = b"\x1f\x8b"
CHUNK = 1 << 20
REPORTED = 4096  # files between two progress reports


class Archive:
    """Reads shards in the order in which the archive completes them.

    meter : shows the share of the archive that has been read, since shards may be complete only near its end
    """

    def __init__(self, path: Path, views: int, spool: Spool, meter: Meter) -> None:
        self.census, self._path, self._views, self._spool, self._meter = Census(), path, views, spool, meter

    def jobs(self, shards: Sequence[Shard]) -> "Iterator[tuple[Shard, partial[list[Files]]]]":
        """Yield each shard with the function that returns its objects' files, in order; incomplete shards come last.

        Raises
        ------
        DamagedSource : the archive is damaged or truncated.
        SourceError : the file is not an archive, contains no file of the layout, or cannot be read.
        """
        owners = {
            (ref.synset, ref.object_id): (s, number)
            for s, shard in enumerate(shards)
            for number, ref in enumerate(shard.objects)
        }
        missing = {s: 2 * self._views * len(shard.objects) for s, shard in enumerate(shards)}
        with self._open() as file:
            for count, (key, size) in enumerate(self._members(file)):
                if count % REPORTED == 0:
                    self._meter.advance(0, self._progress())
                owner = owners.get((key.synset, key.object_id))
                if owner is None or key.view >= self._views:
                    continue
                s, number = owner
                self._spool.add(s, number, key.kind, key.view, _content(file, size))
                missing[s] -= 1
                if not missing[s]:
                    del missing[s]
                    yield self._job(s, shards[s])
        if not len(self.census):
            raise SourceError(f"{self._path} holds no {LAYOUT}: give the published folder, tar or tar.gz")
        for s in missing:
            yield self._job(s, shards[s])

    def _progress(self) -> str:
        size = self._path.stat().st_size  # 0 for a pipe
        return f"{self._raw.tell() / size:.0%} of the archive read" if size else ""

    def _job(self, s: int, shard: Shard) -> "tuple[Shard, partial[list[Files]]]":
        return shard, partial(list, self._spool.take(s, len(shard.objects)))

    @contextmanager
    def _open(self) -> Iterator[IO[bytes]]:
        """Open the archive's decompressed bytes; errors become one sentence."""
        try:
            with io.BufferedReader(self._path.open("rb", buffering=0), CHUNK) as raw:
                self._raw = raw
                zipped = raw.peek(2)[:2] == GZIP
                if zipped:
                    with gzip.GzipFile(fileobj=raw) as file:
                        yield file  # type: ignore[misc]
                else:
                    yield raw
        except (OSError, EOFError, zlib.error, tarfile.TarError, InvalidValue) as error:
            if isinstance(error, OSError) and error.errno in SOUND:
                raise SourceError(read_failure(self._path, error, "make it readable")) from error
            images = sum(count * views for views, count in self.census.views().items())
            raise DamagedSource(
                f"{self._path} is damaged or cut short after {images} images ({reason(error, 'it does not unpack')}): "
                "download it again and repeat the command, which continues with the missing shards"
            ) from error

    def _tar(self, file: IO[bytes]) -> tarfile.TarFile:
        """Open the tar, which reads its first header."""
        try:
            return tarfile.open(fileobj=file, mode="r:")
        except tarfile.TarError as error:
            words = placeholder(self._path) or "is not a tar or tar.gz: give the published folder, tar or tar.gz"
            raise SourceError(f"{self._path} {words}") from error

    def _members(self, file: IO[bytes]) -> Iterator[tuple[FileKey, int]]:
        """Yield key and size of each file of the layout, without repeats; the file's bytes are the next to read."""
        with self._tar(file) as tar:
            while (member := tar.next()) is not None:
                tar.members.clear()  # type: ignore[attr-defined]  # otherwise it records every member
                if member.isdir():
                    continue
                key = file_key(member.name) if member.isreg() else None
                if self.census.add(key) and key is not None:
                    yield key, member.size
            if file.tell() != tar.offset + tarfile.BLOCKSIZE:  # no end block of zeros: members are missing
                raise InvalidValue("its end is missing")
            while chunk := file.read(CHUNK):  # also checks the checksum of a tar.gz
                if chunk.count(0) != len(chunk):
                    raise InvalidValue("a header in it is not readable")


def _content(file: IO[bytes], size: int) -> bytes | OSError:
    if size > LARGEST:
        return TOO_LARGE
    content = file.read(size)
    if len(content) != size:
        raise InvalidValue("unexpected end of data")
    return content
