"""The note in a folder of where on the Hub its content is: a hidden file, which no checksum counts."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from iebench.manifests.common.files import write_atomic
from iebench.manifests.errors import DiskError

from ..errors import UsageError
from .address import Address

NOTE = ".hub.json"


@dataclass(frozen=True)
class Origin:
    """Repository and commit of a folder's content. complete : False while it is being pulled"""

    repository: str
    commit: str
    complete: bool

    def save(self, folder: Path) -> None:
        """Write the note.

        Raises
        ------
        DiskError : the folder cannot be written.
        """
        write_atomic(folder / NOTE, json.dumps(asdict(self)) + "\n")

    def note(self, folder: Path) -> None:
        """Write the note, if the folder can be written: a pushed one need not."""
        with suppress(DiskError):
            self.save(folder)


def origin_of(folder: Path) -> Origin | None:
    """Read the note of a folder; None without one, or if it is damaged."""
    try:
        table = json.loads((folder / NOTE).read_text(encoding="utf-8"))
        address = Address.read(str(table["repository"]))
        return Origin(str(address), str(table["commit"]), table["complete"] is True)
    except (OSError, ValueError, KeyError, TypeError, RecursionError, UsageError):
        return None
