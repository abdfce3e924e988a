"""Small files that Git LFS and git-annex leave in place of large files that were not downloaded."""

import os
from pathlib import Path

HEAD = 1024  # bytes; a Git LFS pointer is shorter
LFS = (b"version https://git-lfs.github.com/spec/", b"version https://hawser.github.com/spec/")
ANNEX = b"/annex/objects/"


def placeholder(path: Path) -> str:
    """Return "is a Git LFS pointer: ..." with the remedy for a file that is a placeholder; "" for any other file.

    A file that cannot be read counts as any other: reading it later gives the cause.
    """
    try:
        if path.is_file():  # opening a pipe would block until something is written to it
            with path.open("rb") as file:
                return placeholder_in(file.read(HEAD))
        if not path.exists() and path.is_symlink():  # git-annex leaves a dangling link for a missing file
            return _ANNEX_WORDS if ANNEX in os.fspath(path.readlink()).encode() else ""
    except OSError:
        pass
    return ""


def placeholder_in(content: bytes) -> str:
    """Return the same sentence for a file's content, or for its first 1,024 bytes.

    >>> placeholder_in(b"version https://git-lfs.github.com/spec/v1\\noid sha256:4d7a\\nsize 12345\\n")
    'is a Git LFS pointer: run `git lfs pull` in its repository, or download the file itself'
    >>> placeholder_in(b"v 0 0 0")
    ''
    """
    if content.startswith(LFS) and len(content) <= HEAD:
        return "is a Git LFS pointer: run `git lfs pull` in its repository, or download the file itself"
    return _ANNEX_WORDS if content.startswith(ANNEX) and len(content) <= HEAD else ""


_ANNEX_WORDS = "is a git-annex pointer: run `git annex get` in its repository, or download the file itself"
