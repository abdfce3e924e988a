"""Versions of files and of the software that wrote them, and the message for an unknown file format."""

import re
from pathlib import Path

from ..brief import number


def version_fault(path: Path, kind: str, stored: object, known: int, remedy: str) -> str:
    """Return the sentence for a file whose `format` is not the known one; "" if it is.

    kind : kind of file, with its article; remedy : remedy for an older file

    >>> version_fault(Path("a.json"), "a score", 3, 2, "score again")
    'a.json is a score of format 3, and this iebench reads 2: update iebench'
    >>> version_fault(Path("a.json"), "a score", 1, 2, "score again")
    'a.json is a score of format 1, and this iebench reads 2: score again'
    """
    if isinstance(stored, int) and not isinstance(stored, bool):
        if stored == known:
            return ""
        remedy = "update iebench" if stored > known else remedy
        shown = number(stored)
    else:
        shown = f"{stored!r:.60}"
    return f"{path} is {kind} of format {shown}, and this iebench reads {known}: {remedy}"


def is_newer(version: object, than: str) -> bool:
    """True if a package's version, as found in a file, is later than `than`; False if it is not a version.

    >>> is_newer("0.10.0", "0.9.2"), is_newer("0.1.0", "0.1.0"), is_newer(None, "0.1.0")
    (True, False, False)
    """
    return isinstance(version, str) and _release(version) > _release(than)


def _release(version: str) -> list[int]:
    """Return the numbers at the start of a version."""
    match = re.match(r"\d{1,9}(\.\d{1,9})*", version)
    return [int(part) for part in match[0].split(".")] if match else []
