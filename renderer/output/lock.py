"""Lock that allows one run at a time in a dataset folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from iebench.manifests.common import lock

from ..errors import OutputError

LOCK = ".lock"


def in_use(store: str, held: str) -> OutputError:
    """Return the error for a second run; `held` is the text of the first run's `lock.holder`."""
    name = lock.named(held)
    return OutputError(f"{store} is being written by {name}: wait until it ends, stop it, or choose another output")


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold `folder` for this process, making it if necessary; the system releases it however this process ends.

    Raises
    ------
    OutputError : another process holds it.
    DiskError : the folder cannot be written.
    """
    with lock.locked(folder / LOCK, lambda held: in_use(str(folder), held)):
        yield
