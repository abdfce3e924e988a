"""Versions of file formats: the sentence for a file that is of another one than this iebench reads."""

from pathlib import Path

from .brief import number


def version_fault(path: Path, what: str, found: object, known: int, remedy: str) -> str:
    """The sentence for a file whose `format` is not the known one; "" for one that is.

    what : kind of file, with its article; remedy : for an older file

    >>> version_fault(Path("a.json"), "a score", 3, 2, "score again")
    'a.json is a score of format 3, and this iebench reads 2: update iebench'
    >>> version_fault(Path("a.json"), "a score", 1, 2, "score again")
    'a.json is a score of format 1, and this iebench reads 2: score again'
    """
    if isinstance(found, int) and not isinstance(found, bool):
        if found == known:
            return ""
        remedy = "update iebench" if found > known else remedy
        shown = number(found)
    else:
        shown = f"{found!r:.60}"
    return f"{path} is {what} of format {shown}, and this iebench reads {known}: {remedy}"
