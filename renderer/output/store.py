"""Where a dataset goes: a local folder, or a cloud's store. What bears its final name is complete in either.

Everything is written with ordinary code into a local folder. `LocalStore` gives the dataset's own, in which files are
written under a temporary name, flushed to disk and renamed. `cloud.CloudStore` gives an empty one and uploads from it:
an upload makes an object appear whole, and the last name goes last.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Protocol

from iebench.manifests.common.files import PARTIAL, disk_error

from .lock import LOCK, locked


class Store(Protocol):
    """A place for one dataset; names are relative paths with forward slashes."""

    def sizes(self) -> dict[str, int]:
        """Size in bytes of every complete file by its name."""

    def size(self, name: str) -> int | None:
        """Size of one file in bytes; None when it is not there."""

    def open(self, name: str) -> IO[bytes]:
        """One file, to read.

        Raises
        ------
        FileNotFoundError : it is not there.
        """

    def writing(self, last: str) -> AbstractContextManager[Path]:
        """A local folder to write files into; once the block ends they are in the store, `last` after all others.

        Raises
        ------
        DiskError : they cannot be written; what was complete before stays as it was.
        """

    def remove(self, name: str) -> None:
        """Remove one file, if it is there."""

    def clean(self) -> None:
        """Remove what killed runs left half-written."""

    def lock(self) -> AbstractContextManager[None]:
        """Hold the store for one run.

        Raises
        ------
        OutputError : another run holds it.
        """


class LocalStore:
    """A folder of this machine, or one that several machines share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __str__(self) -> str:
        return str(self.folder)

    def sizes(self) -> dict[str, int]:
        found = {path.relative_to(self.folder).as_posix(): path for path in self.folder.rglob("*") if path.is_file()}
        return {name: path.stat().st_size for name, path in found.items() if name != LOCK and PARTIAL not in name}

    def size(self, name: str) -> int | None:
        try:
            return (self.folder / name).stat().st_size
        except FileNotFoundError:  # any other error does not say that it is not there, or it would be made again
            return None

    def open(self, name: str) -> IO[bytes]:
        return (self.folder / name).open("rb")

    @contextmanager
    def writing(self, last: str) -> Iterator[Path]:
        yield self.folder

    def remove(self, name: str) -> None:
        try:
            (self.folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise disk_error(self.folder / name, error) from error

    def clean(self) -> None:
        for leftover in self.folder.rglob(f"*{PARTIAL}*"):
            leftover.unlink(missing_ok=True)

    def lock(self) -> AbstractContextManager[None]:
        return locked(self.folder)


def open_store(place: str | Path) -> Store:
    """The store of a folder, or of a URL such as s3://bucket/name.

    Raises
    ------
    MissingPart : the extra that knows such URLs is not installed.
    UsageError : nobody knows such URLs.
    """
    if isinstance(place, Path) or "://" not in place:
        return LocalStore(Path(place))
    if place.startswith("hf://datasets/"):
        from .hub import HubStore

        return HubStore(place)
    from .cloud import CloudStore

    return CloudStore(place)
