"""Pages on the Hub: the folder of `iebench report --space`, which the Hub shows as a static Space."""

from collections.abc import Collection, Mapping
from pathlib import Path

from iebench.manifests.common.causes import read_failure

from ..errors import ScoringError, UsageError
from .kind import Contents, Kind
from .repository import Entry

CARD, PAGE, STATIC = "README.md", "index.html", "sdk: static"


class SpaceKind(Kind):
    """A page with the card of a static Space; `kind.Kind` documents the methods."""

    name, type, home, last = "page", "space", "spaces", PAGE

    def claims(self, names: Collection[str]) -> bool:
        return {CARD, PAGE} <= set(names)

    def contents(self, folder: Path, name: str) -> Contents:
        try:
            lines = (folder / CARD).read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError) as error:
            raise ScoringError(read_failure(folder / CARD, error, "make it by `iebench report --space`")) from error
        if STATIC not in lines:
            raise UsageError(f"{folder / CARD} has no line {STATIC!r}: make the folder by `iebench report --space`")
        return Contents({CARD: folder / CARD, PAGE: folder / PAGE})

    def heads(self, entries: Mapping[str, Entry]) -> list[str]:
        return []

    def check(self, heads: Path, source: str, entries: Mapping[str, Entry]) -> dict[str, str]:
        return {CARD: "", PAGE: ""}

    def identity(self, heads: Path) -> str:
        return ""
