"""Scores on the Hub: a folder of score files, such as a board, with a card that has their tables."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from ..results.reading import load_score
from .kind import Contents, Kind
from .repository import Entry

CARD = "README.md"
FOREIGN = (".tar", ".parquet", ".safetensors", "croissant.json", ".plan.json")  # of incomplete datasets and runs


class ScoresKind(Kind):
    """Score files in a folder or in its folders; `kind.Kind` documents the methods."""

    name, type, home = "folder of scores", "dataset", "scores"

    def claims(self, names: Collection[str]) -> bool:
        return bool(_files(names)) and not any(name.endswith(FOREIGN) for name in names)

    def contents(self, folder: Path, name: str) -> Contents:
        from .card import scores_card

        paths = _files(path.relative_to(folder).as_posix() for path in folder.glob("**/*.json"))
        scores = {folder / path: load_score(folder / path) for path in paths}
        return Contents({**{path: folder / path for path in paths}, CARD: scores_card(scores, name).encode()})

    def heads(self, entries: Mapping[str, Entry]) -> list[str]:
        return _files(entries)

    def check(self, heads: Path, source: str, entries: Mapping[str, Entry]) -> dict[str, str]:
        for name in _files(entries):
            load_score(heads / name)
        return dict.fromkeys([*_files(entries), *({CARD} & entries.keys())], "")

    def identity(self, heads: Path) -> str:
        return ""


def _files(names: Iterable[str]) -> list[str]:
    """Return the score files among some paths: all *.json at most one folder deep, hidden ones left out."""
    return sorted(
        name for name in names if name.endswith(".json") and name.count("/") <= 1 and not name.startswith(".")
    )
