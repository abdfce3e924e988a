"""Layout of a folder of classes, with or without split folders: ModelNet's layout and similar ones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .formats import is_model

SPLIT_NAMES = {
    "train": "train", "training": "train",
    "test": "val", "testing": "val", "val": "val", "valid": "val", "validation": "val",
}  # fmt: skip
"""Names of split folders, in lower case. All held-out data are val, on which nothing is trained."""


@dataclass(frozen=True)
class ClassFolder:
    """A folder with objects of one class.

    split_folder : name of the folder that gives their split, "" if there is none
    """

    name: str
    path: Path
    split_folder: str = ""

    @property
    def split(self) -> str:
        """Split of its objects: "train", "val", or "" if no folder gives it."""
        return _split(self.split_folder)


def folders(path: Path) -> list[Path]:
    """Return the folders in a folder, sorted, without hidden and system folders."""
    return sorted(p for p in path.iterdir() if p.is_dir() and not p.name.startswith((".", "__MACOSX")))


def class_folders(path: Path) -> tuple[list[ClassFolder], list[Path]]:
    """Return the class folders of a collection, and the other folders that lie beside split folders.

    The layouts are PATH/CLASS, PATH/CLASS/SPLIT as in ModelNet, and PATH/SPLIT/CLASS. A class may be called "train", so
    a folder counts as a split folder only if both a train and a held-out folder exist at its level.
    """
    tops = folders(path)
    if _give_splits(tops):
        classes = [ClassFolder(inner.name, inner, top.name) for top in _splits(tops) for inner in folders(top)]
        return classes, [top for top in tops if not _split(top.name)]
    inside = {top: folders(top) for top in tops}
    by_class = any(_give_splits(inner) for inner in inside.values())
    classes, beside = [], []
    for top, inner in inside.items():
        if _give_splits(inner) or (by_class and _only_splits(top, inner)):
            classes += [ClassFolder(top.name, split, split.name) for split in _splits(inner)]
            beside += [other for other in inner if not _split(other.name)]
        else:
            classes.append(ClassFolder(top.name, top))
    return classes, beside


def _split(name: str) -> str:
    return SPLIT_NAMES.get(name.lower(), "")


def _splits(siblings: Iterable[Path]) -> list[Path]:
    """Return the split folders, train first."""
    return sorted((path for path in siblings if _split(path.name)), key=lambda path: (_split(path.name), path.name))


def _give_splits(siblings: Sequence[Path]) -> bool:
    return {"train", "val"} <= {_split(path.name) for path in siblings}


def _only_splits(top: Path, inner: Sequence[Path]) -> bool:
    """True if a class has only one split folder, in a collection in which other classes have both."""
    return bool(inner) and len(_splits(inner)) == len(inner) and not any(is_model(path) for path in top.iterdir())
