"""Types of option values that a shell completes: names of methods, presets, recipes; folders of datasets and runs."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from ..common.shipped import Kind, in_folders, shipped

INFO, CONFIG = "dataset.json", "config.json"  # of datasets and runs, which other rooms define


class Named(click.types.StringParamType):
    """A name, which the command checks itself.

    names : returns the known names; called when a shell completes, never when a command runs
    lists : True for several names with commas between
    files : True if a file may stand in place of a name
    """

    def __init__(self, names: Callable[[], Iterable[str]], lists: bool = False, files: bool = False) -> None:
        self._names, self._lists, self._files = names, lists, files

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Return the names that begin with the typed text, behind its last comma."""
        before, comma, begun = incomplete.rpartition(",") if self._lists else ("", "", incomplete)
        items = [CompletionItem(f"{before}{comma}{name}") for name in self._names() if name.startswith(begun)]
        return items or ([CompletionItem(incomplete, type="file")] if self._files else [])


class Folder(click.Path):
    """A folder that contains a file of a given name, such as a dataset; any path is accepted.

    pattern : glob of that file, relative to the working folder
    """

    def __init__(self, pattern: str, **limits: Any) -> None:
        super().__init__(path_type=Path, **limits)
        self._pattern = pattern

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Return the folders of the working folder that begin with the typed text; else leave it to the shell."""
        folders = sorted(str(path.parent) for path in Path().glob(self._pattern))
        items = [CompletionItem(folder) for folder in folders if folder.startswith(incomplete)]
        return items or super().shell_complete(ctx, param, incomplete)


def of_kind(kind: Kind) -> Named:
    """Return the type of a shipped file's name: a recipe, preset, protocol or sweep; or of a TOML file."""
    return Named(lambda: [*shipped(kind), *in_folders(kind)], files=True)


def encoders() -> list[str]:
    """Return the folders of runs under runs/."""
    return sorted(str(path.parent) for path in Path().glob(f"runs/*/{CONFIG}"))


DATASET = Folder(f"data/*/{INFO}")
RUN = Folder(f"runs/*/{CONFIG}")
ENCODER = Named(encoders, files=True)
"""An encoder, which may be the folder of a run or text of another kind."""
