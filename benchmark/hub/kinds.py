"""All kinds of folders for the Hub, and the kind of a folder or of a repository."""

from collections.abc import Collection
from pathlib import Path

from ..errors import HubError, UsageError
from .dataset import DatasetKind
from .kind import Kind
from .repository import is_hidden
from .run import CHECKPOINT, RunKind
from .scores import ScoresKind
from .space import SpaceKind

KINDS: tuple[Kind, ...] = (DatasetKind(), RunKind(), SpaceKind(), ScoresKind())
"""A folder is of the first kind that claims it."""
KNOWN = "a dataset, a run, scores, or a page of `iebench report --space`"


def kind_of_folder(folder: Path, checkpoint: bool = False) -> Kind:
    """Return the kind of a local folder.

    checkpoint : True to push a run with its checkpoint

    Raises
    ------
    UsageError : it is of no kind, or is not a folder; or `checkpoint` for another kind.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder: give the folder of {KNOWN}")
    kind = claiming(visible(folder))
    if kind is None:
        raise UsageError(f"{folder} is not one of ours: give the folder of {KNOWN}")
    if checkpoint and not isinstance(kind, RunKind):
        raise UsageError(f"--checkpoint pushes {CHECKPOINT} of a run, and {folder} is a {kind.name}: leave it out")
    return RunKind(checkpoint=True) if checkpoint else kind


def kind_of_repository(source: str, type: str, names: Collection[str]) -> Kind:
    """Return the kind of a repository by its type and the paths of its files.

    Raises
    ------
    HubError : it is of no kind.
    """
    kind = claiming(names, type)
    if kind is None:
        raise HubError(f"{source} holds nothing of iebench: give the repository of {KNOWN}")
    return kind


def claiming(names: Collection[str], type: str = "") -> Kind | None:
    """Return the kind that claims some paths, among those of a type of repository; None if there is none."""
    return next((kind for kind in KINDS if type in ("", kind.type) and kind.claims(names)), None)


def visible(folder: Path) -> list[str]:
    """Return the files of a folder, as paths relative to it, without hidden ones."""
    paths = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in paths if not is_hidden(path))
