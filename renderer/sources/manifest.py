"""The source `manifest`: a CSV or Parquet table with one row for each object."""

import os
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from iebench.manifests.errors import suggest
from iebench.manifests.schema import SPLITS
from iebench.manifests.taxonomy import ObjectClass

from ..errors import AssetError, SourceError
from .formats import sole_mesh
from .listing import LICENCE, Listed, collection_classes, refs
from .names import object_key, shown
from .registry import ObjectRef, source

NEEDED, KNOWN = ("path", "class"), ("path", "class", "split", "id")
SUFFIXES = (".csv", ".parquet")


@source("manifest")
class Manifest:
    """Columns `path` (relative to the table's folder, or absolute) and `class`; optional `split` and `id`.

    Without `split`, or where it is empty, a hash decides; without `id` it is the path without its suffix. Other
    columns are ignored.
    """

    licence = LICENCE

    def __init__(self, path: Path | None) -> None:
        if path is None or not path.is_file() or path.suffix.lower() not in SUFFIXES:
            raise SourceError(f"--source manifest needs a .csv or .parquet file, got {path}")
        self.path = path

    @staticmethod
    def recognises(path: Path) -> bool:
        return path.is_file() and path.suffix.lower() in SUFFIXES

    @cached_property
    def _rows(self) -> list[dict[str, str]]:
        rows: list[dict[str, Any]] = self._read().to_pylist()
        for number, row in enumerate(rows, start=1):
            for name in NEEDED:
                if not (row[name] or "").strip():
                    raise SourceError(f"{self.path}: row {number} has no {name}: fill it in, or remove the row")
            if (row.get("split") or "") not in ("", *SPLITS):
                raise SourceError(f"{self.path}: row {number} has split {row['split']!r}; {suggest('', SPLITS)}")
        if not rows:
            raise SourceError(f"{self.path} lists no objects: give a row with path and class for each")
        return rows

    def _read(self) -> pa.Table:
        try:
            if self.path.suffix.lower() == ".csv":
                text = pa.csv.ConvertOptions(column_types=dict.fromkeys(KNOWN, pa.string()))
                table = pa.csv.read_csv(self.path, convert_options=text)
            else:
                table = pq.read_table(self.path, partitioning=None)
        except (pa.ArrowException, OSError) as error:
            raise SourceError(f"cannot read {self.path}: {str(error).splitlines()[0]}; mend that table") from error
        for name in NEEDED:
            if name not in table.column_names:
                raise SourceError(f"{self.path} has no column {name!r}, which it needs; {alike(name, table)}")
        return pa.table({name: self._text(table, name) for name in KNOWN if name in table.column_names})

    def _text(self, table: pa.Table, name: str) -> pa.ChunkedArray:
        if table.column_names.count(name) > 1:
            raise SourceError(f"{self.path} has the column {name!r} more than once: keep one")
        try:
            text = pc.cast(table[name], pa.string())
            text.validate(full=True)  # Parquet's text is not looked into as it is read
        except pa.ArrowException as error:
            cause = str(error).splitlines()[0]
            raise SourceError(f"{self.path}: column {name!r} cannot be used as text ({cause}): mend it") from error
        return text

    def classes(self) -> Sequence[ObjectClass]:
        return collection_classes([row["class"] for row in self._rows])

    def objects(self, classes: Sequence[ObjectClass], per_class: int | None) -> list[ObjectRef]:
        by_class: dict[str, list[Listed]] = {c.name: [] for c in classes}
        for row in self._rows:
            if row["class"] in by_class:
                by_class[row["class"]].append(self._one(row))
        return [ref for c in classes for ref in refs(c, by_class[c.name], per_class)]

    def _one(self, row: dict[str, str]) -> Listed:
        home = self.path.parent
        mesh = Path(os.path.normpath(home / row["path"]))
        if not mesh.is_relative_to(home):
            home = mesh.parent
        name = row.get("id") or str(Path(row["path"]).with_suffix(""))
        if mesh.is_dir():
            home = mesh
            with suppress(AssetError):  # rendering says what is wrong with it
                mesh = sole_mesh(mesh)
        return Listed(object_key(name), mesh, home, shown(row["path"]), row.get("split") or "")


def alike(name: str, table: pa.Table) -> str:
    """The remedy for a column that is not there: its name in another case or between blanks, or a near one."""
    same = [there for there in table.column_names if there.strip().lower() == name]
    return f"rename {same[0]!r} to {name!r}" if same else suggest(name, table.column_names)
