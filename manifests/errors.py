"""The exceptions of the whole project, as a tree.

    IebenchError                 exit code 1; the message is all a user sees
    ├── UsageError               exit code 2: the command names something that does not exist
    │   ├── UnknownName          an unknown class, method, recipe, preset, ...; suggests similar names
    │   └── SettingError         a recipe, preset or --set entry that is unknown, missing or of the wrong type
    ├── MissingPart              an optional part (Blender, torch) is not installed or does not support this Python
    ├── PluginBroken             a plug-in of another package that cannot be imported, or defines no such entry
    ├── DatasetError             a dataset folder that is missing, incomplete, corrupt or of another format
    ├── DiskError                a file could not be written (disk full, no permission)
    └── QueueError               a cluster's queue refuses a job

    InvalidValue                 a ValueError whose text was written by iebench and may be shown to the user

Each folder's own `errors.py` adds to this tree. A message is one sentence that names the file, the value and the
remedy.
"""

import difflib
import itertools
from collections.abc import Iterable

from .brief import few

SUGGESTED = 400  # most characters of the names listed in a message


class IebenchError(Exception):
    """Base class of every error that iebench raises on purpose."""

    exit_code = 1


class InvalidValue(ValueError):
    """A value that a class of iebench refuses; a caller that knows its file raises an IebenchError."""


class UsageError(IebenchError):
    """The command names something that does not exist."""

    exit_code = 2


class UnknownName(UsageError):
    """A name that is not among the known names."""

    def __init__(self, kind: str, name: str, known: Iterable[str], source: str = "") -> None:
        self._given = (kind, name, tuple(known), source)
        super().__init__(f"{source}unknown {kind} {name[:80]!r}; {suggest(name, self._given[2])}")

    def __reduce__(self) -> tuple[type["UnknownName"], tuple[str, str, tuple[str, ...], str]]:
        # Pickle would rebuild the exception from its message alone, which does not fit this constructor: an error
        # raised in a worker process would never arrive.
        return type(self), self._given


class SettingError(UsageError):
    """An entry of a recipe, a preset or `--set` that cannot be used."""


class MissingPart(IebenchError):
    """An optional part of iebench is not installed."""


class PluginBroken(IebenchError):
    """A plug-in of another package that cannot be used."""


class DatasetError(IebenchError):
    """A dataset folder that is missing, incomplete, damaged or of another format."""


class DiskError(IebenchError):
    """A file that could not be written."""


class QueueError(IebenchError):
    """A job that a cluster's queue refuses."""


def suggest(name: str, known: Iterable[str]) -> str:
    """Return the remedy for a misspelt name: the most similar known names, or the list of known names.

    >>> suggest("chiar", ["chair", "sofa"])
    'did you mean chair?'
    >>> suggest("x", ["chair", "sofa"])
    'choose from chair, sofa'
    """
    names = list(known)
    near = difflib.get_close_matches(name.lower()[:80], names, n=3, cutoff=0.6)
    return f"did you mean {' or '.join(near)}?" if near else f"choose from {few(names, _room(names))}"


def _room(names: list[str]) -> int:
    """Return how many of the names fit into a message."""
    ends = itertools.accumulate(len(name) + 2 for name in names)
    return sum(end <= SUGGESTED for end in ends)
