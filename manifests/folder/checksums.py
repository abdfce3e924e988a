"""SHA256SUMS: the SHA-256 of every file of a dataset, in the format that `sha256sum -c SHA256SUMS` checks."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from ..common.causes import read_failure
from ..common.files import PARTIAL, write_atomic
from ..common.placeholders import placeholder_in
from ..errors import DatasetError
from ..text.plain_text import cleaned, flaw

SUMS = "SHA256SUMS"
INFO = "dataset.json"  # holds the SHA-256 of SHA256SUMS and of itself
PLAN = ".plan.json"  # stored in an unfinished folder instead of dataset.json


def files(folder: Path) -> list[str]:
    """Return the files of a dataset that SHA256SUMS lists, as sorted paths relative to the folder.

    It leaves out SHA256SUMS, dataset.json (which holds the SHA-256 of both), files being written, and hidden files and
    folders (locks, caches of version control) except the plan.
    """
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(
        path.as_posix()
        for path in paths
        if path.name == PLAN or not any(part.startswith(".") for part in path.parts)
        if path.as_posix() not in (SUMS, INFO) and not path.name.endswith(PARTIAL)
    )


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes.

    Raises
    ------
    OSError : the file cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_sums(folder: Path, known: Mapping[str, str]) -> str:
    """Write folder/SHA256SUMS, complete or not at all; return its own SHA-256.

    known : SHA-256 by path of files that need not be read or that are not in the folder; all other files are read

    Raises
    ------
    DatasetError : a file's name contains a character that does not fit in a line.
    """
    for name in files(folder):
        if fault := flaw(name):
            raise DatasetError(
                f"{folder}: the file {cleaned(name)} has a name that holds {fault}: rename it or take it away"
            )
    lines = [f"{known.get(name) or file_sha256(folder / name)}  {name}\n" for name in sorted({*files(folder), *known})]
    content = "".join(lines).encode()
    write_atomic(folder / SUMS, content)
    return hashlib.sha256(content).hexdigest()


def read_sums(folder: Path, sha256: str) -> dict[str, str]:
    """Read SHA256SUMS; return the SHA-256 by path of every listed file.

    sha256 : SHA-256 of SHA256SUMS itself, from dataset.json

    Raises
    ------
    DatasetError : SHA256SUMS is missing or was changed.
    """
    try:
        content = (folder / SUMS).read_bytes()
    except OSError as error:
        raise DatasetError(read_failure(folder / SUMS, error, "restore it")) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        clause = placeholder_in(content) or f"is damaged: {INFO} gives it another SHA-256; restore it"
        raise DatasetError(f"{folder / SUMS} {clause}")
    lines = (line.partition("  ") for line in content.decode().split("\n")[:-1])
    return {name: digest for digest, _, name in lines}
