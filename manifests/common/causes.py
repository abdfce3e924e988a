"""Plain words for what cannot be read: the cause, and a remedy that harms nothing.

No message of iebench passes on what another library's exception says (`KeyError: 'POSITION'`); tests/test_messages.py
looks for it. Messages take their words from here.
"""

import errno
import json
import os
import re
import tomllib
import traceback
from pathlib import Path

from ..errors import IebenchError, InvalidValue
from .placeholders import placeholder

_AGAIN = "and run the same command again"
_RIGHTS = f"give this account the right to read it {_AGAIN}"
_STORAGE = f"see to the disk or network that it lies on {_AGAIN}; the file itself may be whole"
LIMITS = {
    errno.EMFILE: f"raise the limit with `ulimit -n 65536` {_AGAIN}",
    errno.ENFILE: f"close other programs on this machine {_AGAIN}",
    errno.ENOMEM: f"close other programs on this machine {_AGAIN}",
}
"""Remedies by error number where the process or the machine is at a limit."""
SOUND = {
    **LIMITS,
    **dict.fromkeys((errno.EACCES, errno.EPERM), _RIGHTS),
    **dict.fromkeys(
        (errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.ENODEV), _STORAGE
    ),
}
"""The same where a file that cannot be read may be sound: nobody is told to delete it or to make it again."""


def read_failure(path: Path, error: BaseException, remedy: str, damage: str = "it is damaged") -> str:
    """The sentence for a file that could not be read, or that holds something else than it should.

    The file is opened once more: libraries say "no such file" where too many are open.

    error : what reading it raised; remedy : for a file that is missing or damaged
    damage : the cause where nothing better is known
    """
    fault = error if isinstance(error, OSError) and error.errno else _open_fault(path)
    if fault is not None and fault.errno in SOUND:
        return f"cannot read {path} ({reason(fault)}): {remedy_of(fault, remedy)}"
    if words := placeholder(path):
        return f"{path} {words}"
    return f"cannot read {path} ({reason(fault or error, damage)}): {remedy}"


def fault(error: OSError) -> str:
    """The sentence for an error of the machine, wherever it arose; "" for any other."""
    if error.errno not in SOUND:
        return ""
    where = f"cannot use {error.filename}" if error.filename else "a file cannot be used"
    return f"{where} ({reason(error)}): {SOUND[error.errno]}"


def remedy_of(error: BaseException, remedy: str) -> str:
    """A remedy for something that cannot be read; one that harms nothing where it may be sound."""
    return SOUND.get(error.errno or 0, remedy) if isinstance(error, OSError) else remedy


def _open_fault(path: Path) -> OSError | None:
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        return error
    return None


def reason(error: BaseException, damage: str = "it is damaged") -> str:
    """Why something failed, in plain words; what iebench itself says is passed on.

    damage : for an error that says nothing by its kind

    >>> reason(OSError(errno.EIO, "whatever a library says")), reason(KeyError("seed")), reason(ZeroDivisionError())
    ('Input/output error', "it has no 'seed'", 'it is damaged')
    """
    if isinstance(error, IebenchError | InvalidValue):
        return str(error)
    if isinstance(error, FileNotFoundError):
        return "no such file"
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)  # some libraries put a sentence and a path into the error's own
    if isinstance(error, json.JSONDecodeError):
        return f"it is not JSON at line {error.lineno}, column {error.colno}"
    if isinstance(error, tomllib.TOMLDecodeError):
        return _toml(error)
    if isinstance(error, UnicodeError):
        return "it is not text in UTF-8"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, ImportError) and (library := re.match(r"(\S+\.so\S*): cannot open shared", str(error))):
        return f"the system lacks {library[1]}"
    if isinstance(error, MemoryError):
        return "there is not enough memory"
    if isinstance(error, KeyError) and error.args and isinstance(error.args[0], str):
        return f"it has no {error.args[0]!r}"
    return damage


def _toml(error: tomllib.TOMLDecodeError) -> str:
    place = re.search(r"\(at (line \d+, column \d+)\)", str(error))
    return (
        f"it is not valid TOML at {place[1]}"
        if place
        else "it is not valid TOML: something is given twice, or has no end"
    )


def answer(error: BaseException, silence: str = "it gives no reason") -> str:
    """Why a service on the network refused something: what its server answers, or what the connection lacks.

    silence : where the error knows neither
    """
    link: BaseException | None = error
    while link is not None:  # packages wrap what went wrong in errors of their own
        if status := getattr(getattr(link, "response", None), "status_code", 0):
            return f"its server answers {status}{ANSWERS.get(status, '')}"
        if isinstance(link, OSError) and (link.errno or 0) > 0:
            return reason(link)
        if re.search("Connect|Timeout|NameResolution|gaierror|Offline|URLError", type(link).__name__):
            return "there is no connection"
        link = link.__cause__ or link.__context__
    return reason(error, silence)


ANSWERS = {401: ", log in first", 403: ", this account may not", 404: ", it is not there", 429: ", too many requests"}


def scene_of(error: BaseException) -> str:
    """Origin of an error that nobody foresaw, for a report of it: file and line, none of its words."""
    frames = traceback.extract_tb(error.__traceback__)
    return (
        f"an unexpected error in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else "an error"
    )


def short(error: BaseException) -> str:
    """An error of code that the user gives, in a few words: its kind and the first line of what it says.

    Only for such code, whose author has to mend it: an encoder, a probe, a plugin.
    """
    first = str(error).strip().splitlines()
    return f"{type(error).__name__}: {first[0]}" if first else type(error).__name__
