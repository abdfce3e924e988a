"""Datasets on the Hub: every file of SHA256SUMS, then dataset.json, which makes the dataset complete."""

from collections.abc import Collection, Mapping
from pathlib import Path

from iebench.manifests.dataset import DatasetInfo, checksums
from iebench.manifests.folder.checksums import INFO, SUMS, read_sums

from ..errors import DatasetError, HubError
from .kind import Contents, Kind
from .repository import Entry


class DatasetKind(Kind):
    """A dataset in format 1; `kind.Kind` documents the methods."""

    name, type, home, last = "dataset", "dataset", "data", INFO

    def claims(self, names: Collection[str]) -> bool:
        return INFO in names

    def contents(self, folder: Path, name: str) -> Contents:
        DatasetInfo.load(folder)
        sums = read_sums(folder, checksums(folder))
        for path in sums:
            if not (folder / path).is_file():
                raise DatasetError(f"{folder / path} is missing, which {SUMS} lists: restore it or render again")
        return Contents({path: folder / path for path in [*sums, SUMS, INFO]}, sums)

    def heads(self, entries: Mapping[str, Entry]) -> list[str]:
        return [name for name in (INFO, SUMS) if name in entries]

    def check(self, heads: Path, source: str, entries: Mapping[str, Entry]) -> dict[str, str]:
        self.identity(heads)
        sums = read_sums(heads, checksums(heads))
        for name, digest in sums.items():
            if name not in entries or entries[name].sha256 not in ("", digest):
                fault = "lacks" if name not in entries else "has other bytes of"
                raise HubError(f"{source} {fault} {name}, which {SUMS} lists: its owner must push the dataset again")
        return {**sums, SUMS: "", INFO: ""}

    def identity(self, heads: Path) -> str:
        return f"fingerprint {DatasetInfo.load(heads).fingerprint[:12]}"
