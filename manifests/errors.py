"""What can go wrong, for the whole project.

    IebenchError                 exit code 1; the message is all a user sees
    ├── UsageError               exit code 2: the command was asked for something that does not exist
    │   ├── UnknownName          a class, method, recipe, preset, ... that is not there; suggests near ones
    │   └── SettingError         a recipe, preset or --set entry that is unknown, missing or of the wrong type
    ├── MissingPart              an optional part (Blender, torch) is not installed, or the Python does not fit it
    ├── PluginBroken             another package's command or engine that cannot be imported, or is none
    ├── DatasetError             a dataset folder that is missing, incomplete, corrupt or of another format
    ├── DiskError                a file could not be written (disk full, no permission)
    └── QueueError               a cluster's queue that does not take a job

    InvalidValue                 a ValueError whose text is iebench's own and may be passed on

Each folder's own `errors.py` adds to this tree. A message is one sentence that names the file, the value and the
remedy.
"""

import difflib
import itertools
from collections.abc import Iterable

from .brief import few

SUGGESTED = 400  # characters of names to choose from


class IebenchError(Exception):
    """Root of every error that iebench raises on purpose."""

    exit_code = 1


class InvalidValue(ValueError):
    """A value that a class of iebench refuses; whoever knows where it came from makes an IebenchError of it."""


class UsageError(IebenchError):
    """The command was asked for something that does not exist."""

    exit_code = 2


class UnknownName(UsageError):
    """A name that is not among the known ones."""

    def __init__(self, kind: str, name: str, known: Iterable[str], source: str = "") -> None:
        self._given = (kind, name, tuple(known), source)
        super().__init__(f"{source}unknown {kind} {name[:80]!r}; {suggest(name, self._given[2])}")

    def __reduce__(self) -> tuple[type["UnknownName"], tuple[str, str, tuple[str, ...], str]]:
        # An exception pickles as its message alone, which is not what makes this one: a worker's would never arrive.
        return type(self), self._given


class SettingError(UsageError):
    """An entry of a recipe, a preset or `--set` that cannot be used."""


class MissingPart(IebenchError):
    """An optional part of iebench is not installed."""


class PluginBroken(IebenchError):
    """A plug-in of another package that cannot be used."""


class DatasetError(IebenchError):
    """A dataset that cannot be used as it lies on disk."""


class DiskError(IebenchError):
    """A file could not be written."""


class QueueError(IebenchError):
    """A cluster's queue does not take a job."""


def suggest(name: str, known: Iterable[str]) -> str:
    """The remedy for a misspelt name: the nearest known ones, or all of them.

    >>> suggest("chiar", ["chair", "sofa"])
    'did you mean chair?'
    >>> suggest("x", ["chair", "sofa"])
    'choose from chair, sofa'
    """
    names = list(known)
    near = difflib.get_close_matches(name.lower()[:80], names, n=3, cutoff=0.6)
    return f"did you mean {' or '.join(near)}?" if near else f"choose from {few(names, _room(names))}"


def _room(names: list[str]) -> int:
    """The most names in a message."""
    ends = itertools.accumulate(len(name) + 2 for name in names)
    return sum(end <= SUGGESTED for end in ends)
