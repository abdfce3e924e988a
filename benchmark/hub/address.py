"""Name of a repository on the Hub: USER/NAME, with or without the type in front."""

import re
from dataclasses import dataclass

from iebench.manifests.text.plain_text import cleaned

from ..errors import UsageError

TYPES = {"datasets": "dataset", "models": "model", "spaces": "space"}
"""First part of an address -> type of repository in the Hub's library."""
_NAME = r"[A-Za-z0-9][\w.-]{0,95}"
_ADDRESS = re.compile(rf"(?:https?://[^/\s]+/|hf://)?(?:({'|'.join(TYPES)})/)?({_NAME}/{_NAME}?)/?", re.ASCII)


@dataclass(frozen=True)
class Address:
    """A repository. name : "USER/NAME"; type : "dataset", "model" or "space", "" if the text does not say it"""

    name: str
    type: str = ""

    def __str__(self) -> str:
        return {kind: f"{start}/{self.name}" for start, kind in TYPES.items()}.get(self.type, self.name)

    @property
    def last(self) -> str:
        """NAME without USER."""
        return self.name.partition("/")[2]

    @staticmethod
    def read(text: str) -> "Address":
        """Read an address: USER/NAME, datasets/USER/NAME, hf://datasets/USER/NAME, or that of the repository's page.

        Raises
        ------
        UsageError : it is not an address.

        >>> Address.read("me/mini"), str(Address.read("https://huggingface.co/datasets/me/mini"))
        (Address(name='me/mini', type=''), 'datasets/me/mini')
        """
        match = _ADDRESS.fullmatch(text.strip())
        if match is None or match[2].split("/")[0] in TYPES:
            raise UsageError(
                f"{cleaned(text)[:120]!r} is not a repository of the Hub: write it as USER/NAME or datasets/USER/NAME"
            )
        return Address(match[2], TYPES.get(match[1] or "", ""))
