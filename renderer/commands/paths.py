"""Types of command-line options and arguments for local paths.

For datasets, `DatasetInfo.load` gives the same message about URLs.
"""

from pathlib import Path
from typing import Any

import click

from ..errors import UsageError


class LocalPath(click.Path):
    """A local file or folder; a URL is refused with the remedy."""

    def __init__(self, instead: str) -> None:
        super().__init__(path_type=Path)
        self._instead = instead

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path.

        Raises
        ------
        UsageError : the value is a URL.
        """
        if "://" in str(value):
            raise UsageError(f"{value} is in a cloud store, but {self._instead}")
        return super().convert(value, param, ctx)


SOURCE = LocalPath("this command reads local files and folders: copy it to this machine first")
OUTPUT = LocalPath("this command writes local files and folders: give one, and copy the result there afterwards")
