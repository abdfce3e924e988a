"""Interface of a kind of folder that the Hub may hold: a dataset, a run, scores, a page."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from .repository import Content, Entry


@dataclass(frozen=True)
class Contents:
    """Files of a folder for the Hub.

    files : by path in the repository, in the order of the upload; the last one makes the whole complete
    sha256 : hash by path, of files for which it is known
    """

    files: Mapping[str, Content]
    sha256: Mapping[str, str] = field(default_factory=dict)


class Kind(ABC):
    """A kind of folder.

    name : noun for messages; type : type of its repositories; home : folder that holds pulled ones
    last : path of the file that makes the whole complete, "" if each file stands for itself
    """

    name: ClassVar[str]
    type: ClassVar[str]
    home: ClassVar[str]
    last: ClassVar[str] = ""

    @abstractmethod
    def claims(self, names: Collection[str]) -> bool:
        """True if files with these paths make a folder of this kind, complete or not."""

    @abstractmethod
    def contents(self, folder: Path, name: str) -> Contents:
        """Return the files to push. name : of the repository, USER/NAME

        Raises
        ------
        IebenchError : the folder is not complete, or damaged.
        """

    @abstractmethod
    def heads(self, entries: Mapping[str, Entry]) -> list[str]:
        """Return the small files that describe the others; they are read first."""

    @abstractmethod
    def check(self, heads: Path, source: str, entries: Mapping[str, Entry]) -> dict[str, str]:
        """Check the heads; return all files to pull, in order, with the SHA-256 that the heads give, or "".

        heads : folder with the files that `heads` named; source : where they are from, for messages

        Raises
        ------
        IebenchError : they are damaged, or name files that the repository lacks.
        """

    @abstractmethod
    def identity(self, heads: Path) -> str:
        """Return the text that is equal for two versions of the same thing; "" if there is no such text.

        Raises
        ------
        IebenchError : the heads are damaged.
        """
