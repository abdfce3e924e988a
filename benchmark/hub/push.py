"""`iebench push`: a folder to a repository of the Hub. Only missing and changed files travel.

A commit appears whole or not at all. Many files need several commits; the file that makes the whole complete is in the
last one, and an older version of it is removed by the first. An upload that was stopped continues: committed files are
compared by their hashes, and the Hub keeps large files that were sent before.
"""

import math
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from iebench.manifests.common.progress import Meter

from ..errors import HubError, IebenchError, UsageError
from .address import Address
from .dataset import DatasetKind
from .kind import Contents, Kind
from .kinds import claiming, kind_of_folder
from .origin import Origin
from .repository import Entry, Repository

FILES, BYTES = 100, 5 * 10**9  # most files and bytes of a commit
CHUNK = 10  # files that are sent between two reports of progress


@dataclass(frozen=True)
class Push:
    """A push before it begins.

    files : all files of the folder; sizes : their bytes; sent : the paths that travel, in order
    entries : files of the repository, none if it does not exist
    """

    folder: Path
    kind: Kind
    repository: Repository
    files: Contents
    sizes: dict[str, int]
    sent: list[str]
    entries: dict[str, Entry]

    @property
    def bytes(self) -> int:
        """Number of bytes that travel."""
        return sum(self.sizes[name] for name in self.sent)

    def send(self, private: bool) -> str:
        """Send the files; returns the id of the repository's newest commit.

        Raises
        ------
        IebenchError : the Hub refuses, or a file is not what its checksum says; what was sent is kept.
        """
        repository = self.repository
        repository.create(private)
        batches = list(_batches(self.sent, self.sizes))
        last = self.kind.last
        with Meter(f"pushing to {repository}", math.ceil(self.bytes / 1e6), "MB", shown=bool(batches)) as meter:
            sent = 0
            for number, batch in enumerate(batches):
                operations = []
                for start in range(0, len(batch), CHUNK):
                    chunk = {name: self.files.files[name] for name in batch[start : start + CHUNK]}
                    operations += repository.stage(chunk, self.files.sha256)
                    sent += sum(self.sizes[name] for name in chunk)
                    meter.advance(math.ceil(sent / 1e6) - meter.done)
                outdated = not number and len(batches) > 1 and last in self.sent and last in self.entries
                part = f", part {number + 1} of {len(batches)}" if len(batches) > 1 else ""
                repository.commit(operations, f"iebench push: {self.kind.name}{part}", [last] if outdated else [])
        commit = repository.commit_id() or ""
        if isinstance(self.kind, DatasetKind):  # cards of runs name their dataset's repository
            Origin(str(repository), commit, complete=True).note(self.folder)
        return commit


def planned(folder: Path, text: str, private: bool, checkpoint: bool) -> Push:
    """Compare a folder with the repository that it is pushed to.

    text : address of the repository; private : whether only its owner may read it
    checkpoint : True to push a run with its checkpoint

    Raises
    ------
    UsageError : the folder is of no kind, or of another than the address.
    HubError : the repository holds something else or is public, or the Hub cannot be reached.
    """
    address, kind = Address.read(text), kind_of_folder(folder, checkpoint)
    if address.type not in ("", kind.type):
        raise UsageError(
            f"{folder} is a {kind.name}, which goes to {Address(address.name, kind.type)}, not to {address}"
        )
    repository = Repository(Address(address.name, kind.type))
    contents = kind.contents(folder, address.name)
    commit = repository.commit_id()
    if commit and private and not repository.is_private():
        raise HubError(
            f"{repository} exists and is public: make it private on {repository.page}/settings, or leave out --private"
        )
    entries = repository.entries(commit) if commit else {}
    if commit:
        _check_same(kind, folder, repository, commit, entries)
    files = contents.files
    sizes = {name: len(c) if isinstance(c, bytes) else c.stat().st_size for name, c in files.items()}
    known = contents.sha256
    sent = [n for n, c in files.items() if n not in entries or not entries[n].equals(c, known.get(n, ""))]
    return Push(folder, kind, repository, contents, sizes, sent, entries)


def _check_same(kind: Kind, folder: Path, repository: Repository, commit: str, entries: dict[str, Entry]) -> None:
    """Refuse to replace something else.

    Raises
    ------
    HubError : the repository holds something else.
    """
    other = claiming(entries, kind.type)
    remedy = "choose another name, or delete that repository"
    if other is None:
        return
    if other.name != kind.name:
        raise HubError(f"{repository} holds a {other.name} and {folder} is a {kind.name}: {remedy}")
    with tempfile.TemporaryDirectory() as scratch:
        heads = [name for name in kind.heads(entries)[:1] if kind.last]
        try:
            for name in heads:
                repository.download(name, commit, Path(scratch))
            stored, ours = (kind.identity(path) if heads else "" for path in (Path(scratch), folder))
        except HubError:
            raise
        except IebenchError as error:
            raise HubError(f"{repository} holds something else, not a {kind.name} of iebench: {remedy}") from error
    if stored != ours:
        raise HubError(f"{repository} holds another {kind.name} ({stored}), and {folder} is {ours}: {remedy}")


def _batches(names: Sequence[str], sizes: dict[str, int]) -> Iterator[list[str]]:
    """Divide paths, in their order, into commits of at most FILES files and about BYTES bytes."""
    batch: list[str] = []
    for name in names:
        if batch and (len(batch) == FILES or sum(sizes[each] for each in batch) + sizes[name] > BYTES):
            yield batch
            batch = []
        batch.append(name)
    if batch:
        yield batch
