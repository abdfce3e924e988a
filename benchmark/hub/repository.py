"""A repository of the Hub, by way of huggingface_hub: its files, commits and downloads, with errors in our words.

The library reads HF_ENDPOINT, HF_TOKEN and the token that `hf auth login` stored; no token is printed.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, constants, get_token
from huggingface_hub.errors import (
    GatedRepoError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import disable_progress_bars, logging  # type: ignore[attr-defined]

from iebench.manifests.common.causes import refusal
from iebench.manifests.common.files import disk_error
from iebench.manifests.folder.checksums import PLAN, SUMS, file_sha256
from iebench.manifests.network.retries import FULL, RequestFailed, repeat, status
from iebench.manifests.text.plain_text import cleaned

from ..errors import DatasetError, HubError, IebenchError
from .address import Address

T = TypeVar("T")
Content = Path | bytes
"""Content of a file: a local file, or bytes that are made for the repository."""
LOGIN = "run `hf auth login`, or set HF_TOKEN"


@dataclass(frozen=True)
class Entry:
    """A file in a repository. size : bytes; sha256 : of a large file, else ""; blob : git's hash of its content"""

    size: int
    sha256: str
    blob: str

    def equals(self, content: Content, sha256: str = "") -> bool:
        """True if a file's content has the same size and hash. sha256 : of the content, if it is known"""
        size = len(content) if isinstance(content, bytes) else content.stat().st_size
        if size != self.size:
            return False
        if self.sha256:
            return self.sha256 == (sha256 or sha256_of(content))
        data = content if isinstance(content, bytes) else content.read_bytes()
        return self.blob == hashlib.sha1(b"blob %d\0" % size + data, usedforsecurity=False).hexdigest()


def is_hidden(path: str) -> bool:
    """True for a file that belongs to no kind, such as .gitattributes; a dataset's plan belongs to it.

    >>> is_hidden(".cache/a"), is_hidden(".plan.json"), is_hidden("train/00000.tar")
    (True, False, False)
    """
    return path != PLAN and any(part.startswith(".") for part in path.split("/"))


def sha256_of(content: Content) -> str:
    """Return the SHA-256 of a file's content."""
    return hashlib.sha256(content).hexdigest() if isinstance(content, bytes) else file_sha256(content)


class Repository:
    """A repository of the Hub by its address, whose type is known."""

    tries = 5
    pauses = (1.0, 30.0)  # seconds: first pause after a failed request, doubled each time; longest pause

    def __init__(self, address: Address) -> None:
        disable_progress_bars()  # ours count the whole work
        logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        self.address = address
        self._hub = HfApi(library_name="iebench")

    def __str__(self) -> str:
        return str(self.address)

    @property
    def page(self) -> str:
        """Address of the repository's page on the web."""
        return f"{self._hub.endpoint}/{str(self.address).removeprefix('models/')}"

    @property
    def absence(self) -> str:
        """Sentence for a repository that is not there."""
        return f"{self._hub.endpoint} has no {self}, or this account may not see it: check the name, or {LOGIN}"

    def commit_id(self, revision: str | None = None) -> str | None:
        """Return the id of the newest commit of a branch, or that of a tag or commit; None without such a repository.

        Raises
        ------
        HubError : no such revision, or the Hub cannot be reached.
        """
        name, kind = self.address.name, self.address.type
        try:
            with self._explained(revision):
                info = self._repeat(lambda: self._hub.repo_info(name, repo_type=kind, revision=revision))
        except _Absent:
            return None
        return str(info.sha)

    def is_private(self) -> bool:
        """True if only its owners can read the repository, which exists."""
        with self._explained():
            return bool(
                self._repeat(lambda: self._hub.repo_info(self.address.name, repo_type=self.address.type)).private
            )

    def create(self, private: bool) -> None:
        """Make the repository, if it does not exist."""
        self.require_token()
        sdk = "static" if self.address.type == "space" else None
        with self._explained():
            self._repeat(
                lambda: self._hub.create_repo(
                    self.address.name,
                    repo_type=self.address.type,
                    private=private or None,
                    exist_ok=True,
                    space_sdk=sdk,
                )
            )

    def require_token(self) -> None:
        """Check that there is a token.

        Raises
        ------
        HubError : there is none.
        """
        if get_token() is None:
            raise HubError(f"writing to {self._hub.endpoint} needs a token of yours: {LOGIN} to one that may write")

    def entries(self, commit: str) -> dict[str, Entry]:
        """Return the files of a commit by path; hidden ones, such as .gitattributes, are left out.

        Raises
        ------
        HubError : a path leads out of the repository, or the Hub cannot be reached.
        """
        with self._explained():
            tree = self._repeat(
                lambda: list(
                    self._hub.list_repo_tree(
                        self.address.name, recursive=True, revision=commit, repo_type=self.address.type
                    )
                )
            )
        files = [entry for entry in tree if isinstance(entry, RepoFile)]
        for file in files:
            if file.path.startswith("/") or ".." in file.path.split("/") or cleaned(file.path) != file.path:
                raise HubError(f"{self} has a file with a name that leads out of it: {cleaned(file.path)}")
        return {
            file.path: Entry(file.size, file.lfs.sha256 if file.lfs else "", file.blob_id)
            for file in files
            if not is_hidden(file.path)
        }

    def download(self, path: str, commit: str, folder: Path) -> Path:
        """Download a file of a commit to folder/path, where it appears complete; the library's notes lie in .cache.

        Raises
        ------
        HubError, DiskError : the Hub cannot be reached, or the disk is full.
        """

        def fetch() -> str:
            try:
                return self._hub.hf_hub_download(
                    self.address.name, path, repo_type=self.address.type, revision=commit, local_dir=folder
                )
            except LocalEntryNotFoundError as error:  # the library's name for every failed request for a file
                cause = error.__cause__
                raise (cause if isinstance(cause, Exception) else error) from None

        with self._explained():
            return Path(self._repeat(fetch))

    def stage(self, files: Mapping[str, Content], sha256: Mapping[str, str]) -> list[CommitOperationAdd]:
        """Upload the large ones of some files, which appear only with a commit; return its operations.

        Files that the Hub has already, as after an upload that was stopped, are not sent again.

        sha256 : hashes by path that the files must have, if they are known

        Raises
        ------
        DatasetError : a file has another hash; none is sent.
        HubError : the Hub refuses, or cannot be reached.
        """
        operations = [CommitOperationAdd(name, content) for name, content in files.items()]
        for operation in operations:
            name = operation.path_in_repo
            if sha256.get(name, operation.upload_info.sha256.hex()) != operation.upload_info.sha256.hex():
                content = files[name]
                shown = content if isinstance(content, Path) else name
                raise DatasetError(f"{shown} does not have the SHA-256 of {SUMS}: restore it or render again")
        with self._explained():
            self._repeat(
                lambda: self._hub.preupload_lfs_files(
                    self.address.name, operations, repo_type=self.address.type, free_memory=False
                )
            )
        return operations

    def commit(self, operations: Sequence[CommitOperationAdd], message: str, remove: Sequence[str] = ()) -> None:
        """Commit staged files, which appear together. remove : paths that disappear"""
        every: list[CommitOperationAdd | CommitOperationDelete] = [*operations, *map(CommitOperationDelete, remove)]
        with self._explained():
            self._repeat(
                lambda: self._hub.create_commit(
                    self.address.name, every, commit_message=message, repo_type=self.address.type
                )
            )

    def _repeat(self, action: Callable[[], T]) -> T:
        if constants.HF_HUB_OFFLINE:
            raise HubError("HF_HUB_OFFLINE forbids the network: unset it and run the same command again")
        return repeat(action, self.tries, self.pauses)

    @contextmanager
    def _explained(self, revision: str | None = None) -> Iterator[None]:
        """Turn a failed request into one sentence with a remedy."""
        try:
            yield
        except RequestFailed as failure:
            raise self._fault(failure.cause, revision) from failure.cause

    def _fault(self, error: Exception, revision: str | None) -> IebenchError:
        hub = self._hub.endpoint
        if isinstance(error, OSError) and (error.errno in FULL or error.filename):
            return disk_error(Path(str(error.filename or "a file")), error)
        if isinstance(error, RevisionNotFoundError):
            return HubError(
                f"{self} has no revision {revision!r}: give a branch, a tag or a commit's id, or leave it out"
            )
        if isinstance(error, GatedRepoError):
            return HubError(f"{self} is open only to accounts that its owner admits: ask for access on {self.page}")
        if status(error) == 401 and get_token() is not None and not isinstance(error, RepositoryNotFoundError):
            return HubError(f"{hub} does not accept the token: {LOGIN} to a valid one")
        if isinstance(error, RepositoryNotFoundError) or status(error) == 404:
            return _Absent(self.absence)
        if status(error) == 401:
            return HubError(f"{hub} asks who you are: {LOGIN}")
        if status(error) == 403:
            return HubError(
                f"this account may not write to {self}: choose a name of your own, or a token that may write there"
            )
        if isinstance(error, OfflineModeIsEnabled) or not status(error):
            cause = refusal(error, "its answer has another form than expected")
            return HubError(
                f"cannot reach {hub} ({cause}): check the network and HF_ENDPOINT; the same command continues"
            )
        return HubError(f"cannot use {self} ({refusal(error)}): run the same command later; it continues")


class _Absent(HubError):
    """The repository does not exist, or is hidden from this account."""
