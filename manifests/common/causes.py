"""Plain messages for files that cannot be read: the cause, and a remedy that does no harm.

No message of iebench repeats the text of another library's exception, such as `KeyError: 'POSITION'`
(tests/test_messages.py checks this). Messages take their words from here.
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
_STORAGE = f"check the disk or network that holds it {_AGAIN}; the file itself may be intact"
LIMITS = {
    errno.EMFILE: f"raise the limit with `ulimit -n 65536` {_AGAIN}",
    errno.ENFILE: f"close other programs on this machine {_AGAIN}",
    errno.ENOMEM: f"close other programs on this machine {_AGAIN}",
}
"""Remedies by error number for errors caused by a limit of the process or the machine."""
SOUND = {
    **LIMITS,
    **dict.fromkeys((errno.EACCES, errno.EPERM), _RIGHTS),
    **dict.fromkeys(
        (errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.ENODEV), _STORAGE
    ),
}
"""Remedies by error number where the unreadable file may be intact; none tells the user to delete or remake it."""


def read_failure(path: Path, error: BaseException, remedy: str, damage: str = "it is damaged") -> str:
    """Return the sentence for a file that could not be read, or that has unexpected content.

    The file is opened once more, because libraries say "no such file" when too many files are open.

    error : exception raised by reading the file; remedy : remedy for a file that is missing or damaged
    damage : cause for the message if the error does not show a better one
    """
    fault = error if isinstance(error, OSError) and error.errno else _open_fault(path)
    if fault is not None and fault.errno in SOUND:
        return f"cannot read {path} ({reason(fault)}): {remedy_of(fault, remedy)}"
    if words := placeholder(path):
        return f"{path} {words}"
    return f"cannot read {path} ({reason(fault or error, damage)}): {remedy}"


def fault(error: OSError) -> str:
    """Return the sentence for an error of the machine (disk, memory, limits); "" for any other error."""
    if error.errno not in SOUND:
        return ""
    where = f"cannot use {error.filename}" if error.filename else "a file cannot be used"
    return f"{where} ({reason(error)}): {SOUND[error.errno]}"


def remedy_of(error: BaseException, remedy: str) -> str:
    """Return the remedy for a file that cannot be read; a harmless one if the file may be intact."""
    return SOUND.get(error.errno or 0, remedy) if isinstance(error, OSError) else remedy


def _open_fault(path: Path) -> OSError | None:
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        return error
    return None


def reason(error: BaseException, damage: str = "it is damaged") -> str:
    """Return the cause of an error in plain words; texts written by iebench are passed on.

    damage : cause given for an error whose type says nothing

    >>> reason(OSError(errno.EIO, "whatever a library says")), reason(KeyError("seed")), reason(ZeroDivisionError())
    ('Input/output error', "it has no 'seed'", 'it is damaged')
    """
    if isinstance(error, IebenchError | InvalidValue):
        return str(error)
    if isinstance(error, FileNotFoundError):
        return "no such file"
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)  # some libraries add a sentence and a path to the error's own text
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
    position = re.search(r"\(at (line \d+, column \d+)\)", str(error))
    return (
        f"it is not valid TOML at {position[1]}"
        if position
        else "it is not valid TOML: a key is given twice, or a value has no end"
    )


def refusal(error: BaseException, unknown: str = "it gives no reason") -> str:
    """Return the reason why a network service refused a request: the status of its server, or a failed connection.

    unknown : reason for the message if the error contains neither
    """
    link: BaseException | None = error
    while link is not None:  # packages wrap the original error in errors of their own
        if status := getattr(getattr(link, "response", None), "status_code", 0):
            return f"its server answers {status}{STATUSES.get(status, '')}"
        if isinstance(link, OSError) and (link.errno or 0) > 0:
            return reason(link)
        if re.search("Connect|Timeout|NameResolution|gaierror|Offline|URLError", type(link).__name__):
            return "there is no connection"
        link = link.__cause__ or link.__context__
    return reason(error, unknown)


STATUSES = {401: ", log in first", 403: ", access denied", 404: ", it does not exist", 429: ", too many requests"}


def origin_of(error: BaseException) -> str:
    """Return the origin of an unexpected error for a report: file and line, without the error's text."""
    frames = traceback.extract_tb(error.__traceback__)
    return (
        f"an unexpected error in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else "an error"
    )


def short(error: BaseException) -> str:
    """Return an error raised by the user's code in a few words: its type and the first line of its text.

    Use it only for code that its author has to mend: an encoder, a probe, a plug-in.
    """
    first = str(error).strip().splitlines()
    return f"{type(error).__name__}: {first[0]}" if first else type(error).__name__
