"""Destination of a dataset: a local folder or a cloud store. A file with its final name is always complete.

All files are first written to a local folder. `LocalStore` uses the dataset's own folder, in which files are written
under a temporary name, flushed to disk and renamed. `cloud.CloudStore` uses an empty folder and uploads its files: an
uploaded object appears complete, and the file named `last` is uploaded last.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Protocol

from iebench.manifests.common.files import PARTIAL, disk_error

from .lock import LOCK, locked


class Store(Protocol):
    """Storage of one dataset; names are relative paths with forward slashes."""

    def sizes(self) -> dict[str, int]:
        """Return the size in bytes of every complete file by name."""

    def size(self, name: str) -> int | None:
        """Return the size of one file in bytes; None if it does not exist."""

    def open(self, name: str) -> IO[bytes]:
        """Open one file for reading.

        Raises
        ------
        FileNotFoundError : the file does not exist.
        """

    def writing(self, last: str) -> AbstractContextManager[Path]:
        """Provide a local folder for new files; at the end of the block, all are in the store, `last` written last.

        Raises
        ------
        DiskError : the files cannot be written; files that were complete before stay unchanged.
        """

    def remove(self, name: str) -> None:
        """Remove one file, if it exists."""

    def clean(self) -> None:
        """Remove partial files left by killed runs."""

    def lock(self) -> AbstractContextManager[None]:
        """Hold the store for one run.

        Raises
        ------
        OutputError : another run holds it.
        """


class LocalStore:
    """A folder on this machine, or one that several machines share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __str__(self) -> str:
        return str(self.folder)

    def sizes(self) -> dict[str, int]:
        paths = {path.relative_to(self.folder).as_posix(): path for path in self.folder.rglob("*") if path.is_file()}
        return {name: path.stat().st_size for name, path in paths.items() if name != LOCK and PARTIAL not in name}

    def size(self, name: str) -> int | None:
        try:
            return (self.folder / name).stat().st_size
        except FileNotFoundError:  # after any other error the file may exist, and must not be rendered again
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


def open_store(address: str | Path) -> Store:
    """Open the store of a folder, or of a URL such as s3://bucket/name.

    Raises
    ------
    MissingPart : the extra for such URLs is not installed.
    UsageError : URLs of this kind are not supported.
    """
    if isinstance(address, Path) or "://" not in address:
        return LocalStore(Path(address))
    if address.startswith("hf://datasets/"):
        from .hub import HubStore

        return HubStore(address)
    from .cloud import CloudStore

    return CloudStore(address)
