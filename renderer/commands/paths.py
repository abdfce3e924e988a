"""Paths of this machine, as options and arguments take them; of datasets, `DatasetInfo.load` says the same."""

from pathlib import Path
from typing import Any

import click

from ..errors import UsageError


class LocalPath(click.Path):
    """A file or folder of this machine; a URL, which a Path would take for one, is refused with what to do instead."""

    def __init__(self, instead: str) -> None:
        super().__init__(path_type=Path)
        self._instead = instead

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path.

        Raises
        ------
        UsageError : it is a URL.
        """
        if "://" in str(value):
            raise UsageError(f"{value} lies in a store, and {self._instead}")
        return super().convert(value, param, ctx)


SOURCE = LocalPath("this is read from a file or folder: copy it here first")
OUTPUT = LocalPath("this command writes files and folders: give one, and copy it there afterwards")
