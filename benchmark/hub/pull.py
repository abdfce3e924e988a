"""`iebench pull`: a repository of the Hub to a folder. Every byte is checked, and nothing of another thing is replaced.

All files are those of one commit. The small files that describe the others are read and checked first; the file that
makes the whole complete is written last. A note in the folder says that a pull is under way, so that it can continue.
"""

import math
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from iebench.manifests.common import space
from iebench.manifests.common.causes import read_failure
from iebench.manifests.common.files import write_atomic
from iebench.manifests.common.progress import Meter

from ..errors import HubError, UsageError
from ..results.score import MOST_BYTES
from .address import TYPES, Address
from .kind import Kind
from .kinds import kind_of_repository, visible
from .origin import Origin, origin_of
from .repository import Entry, Repository, sha256_of

CACHE = Path(".cache/huggingface")  # notes of the Hub's library in the folder


@dataclass(frozen=True)
class Pull:
    """A pull before it begins.

    commit : id of the commit; out : folder to write
    entries : the files of the kind, in order; sha256 : hash by path that the dataset gives, "" if it gives none
    heads : content of the files that were read; missing : the paths that travel, in order
    """

    repository: Repository
    kind: Kind
    commit: str
    out: Path
    entries: dict[str, Entry]
    sha256: Mapping[str, str]
    heads: Mapping[str, bytes]
    missing: list[str]

    @property
    def bytes(self) -> int:
        """Number of bytes that travel."""
        return sum(self.entries[name].size for name in self.missing)

    def receive(self) -> None:
        """Download and check the missing files.

        Raises
        ------
        HubError : the Hub cannot be reached, or a file arrives damaged; the same pull continues.
        DiskError : the disk is full, or cannot be written.
        """
        space.require(self.out, self.bytes, f"pulling {self.repository}", "or choose another --out")
        noted = Origin(str(self.repository), self.commit, complete=False)
        noted.save(self.out)
        with Meter(f"pulling {self.repository}", math.ceil(self.bytes / 1e6), "MB", shown=bool(self.missing)) as meter:
            received = 0
            for name in self.missing:
                self._fetch(name)
                received += self.entries[name].size
                meter.advance(math.ceil(received / 1e6) - meter.done)
        shutil.rmtree(self.out / CACHE, ignore_errors=True)
        with suppress(OSError):  # it holds something else
            (self.out / CACHE).parent.rmdir()
        Origin(noted.repository, noted.commit, complete=True).save(self.out)

    def _fetch(self, name: str) -> None:
        """Write one file; remove it if its bytes are not those of the repository."""
        path, entry = self.out / name, self.entries[name]
        if name in self.heads:
            write_atomic(path, self.heads[name])
            return
        path.unlink(missing_ok=True)  # the library would keep what it wrote in an earlier version
        self.repository.download(name, self.commit, self.out)
        digest = sha256_of(path) if entry.sha256 or self.sha256[name] else ""
        if not entry.equals(path, digest) or self.sha256[name] not in ("", digest):
            path.unlink(missing_ok=True)
            raise HubError(f"{path} arrived damaged and was removed: run the same command again; it continues")


def planned(text: str, out: Path | None, revision: str | None) -> Pull:
    """Compare a repository with the folder that it is pulled to.

    text : address of the repository; out : folder, None for data/NAME, runs/NAME, ... by its kind
    revision : branch, tag or commit; None for the newest commit

    Raises
    ------
    HubError : no such repository or revision, it holds nothing of iebench, or the Hub cannot be reached.
    UsageError : several repositories have the name, or the folder holds something else.
    DatasetError, RunError, ScoreFileError : what the repository holds is damaged.
    """
    repository, commit = _found(Address.read(text), revision)
    stored = repository.entries(commit)
    kind = kind_of_repository(str(repository), repository.address.type, stored)
    heads, sha256 = _heads(repository, commit, kind, stored)
    names = [name for name in sha256 if name != kind.last]
    entries = {name: stored[name] for name in [*names, *([kind.last] if kind.last else [])]}
    out = out or Path(kind.home) / repository.address.last
    missing = _missing(out, repository, kind, entries, sha256)
    return Pull(repository, kind, commit, out, entries, sha256, heads, missing)


def _found(address: Address, revision: str | None) -> tuple[Repository, str]:
    """Return the repository of an address, and the commit of a revision."""
    types = [address.type] if address.type else list(TYPES.values())
    repositories = [Repository(Address(address.name, type)) for type in types]
    commits = {repository: commit for repository in repositories if (commit := repository.commit_id(revision))}
    if not commits:
        raise HubError(Repository(address).absence)
    if len(commits) > 1:
        names = " and ".join(map(str, commits))
        raise UsageError(f"{address.name} is the name of {names}: give one of them")
    return next(iter(commits.items()))


def _heads(
    repository: Repository, commit: str, kind: Kind, stored: Mapping[str, Entry]
) -> tuple[dict[str, bytes], dict[str, str]]:
    """Return the content of the heads, and the files to pull with their hashes (see `Kind.check`)."""
    names = kind.heads(stored)
    for name in names:
        if stored[name].size > MOST_BYTES:
            raise HubError(f"{repository} has {name} of {stored[name].size:,} bytes, more than iebench writes")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name in names:
            path = repository.download(name, commit, folder)
            if not stored[name].equals(path):
                raise HubError(f"{name} of {repository} arrived damaged: run the same command again")
        sha256 = kind.check(folder, str(repository), stored)
        return {name: (folder / name).read_bytes() for name in names}, sha256


def _missing(
    out: Path, repository: Repository, kind: Kind, entries: Mapping[str, Entry], sha256: Mapping[str, str]
) -> list[str]:
    """Return the paths that a folder lacks.

    Raises
    ------
    UsageError : the folder holds something else.
    """
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is not a folder: choose another --out")
    present = set(visible(out)) if out.is_dir() else set()
    origin = origin_of(out)
    continued = origin is not None and not origin.complete and origin.repository == str(repository)
    if present and not continued and not kind.claims(present):
        raise UsageError(f"{out} holds other files, not {repository}: choose another --out")
    try:
        wrong = [name for name in entries if name in present and not entries[name].equals(out / name)]
    except OSError as error:
        raise UsageError(read_failure(out, error, "choose another --out")) from error
    if wrong and not continued:
        raise UsageError(
            f"{out} holds another {kind.name} than {repository} ({wrong[-1]} differs): choose another --out, or remove "
            "that folder"
        )
    return [name for name in entries if name not in present or name in wrong]
