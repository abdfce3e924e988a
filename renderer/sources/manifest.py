"""The source `manifest`: a CSV or Parquet table with one row per object."""

import os
import unicodedata
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from iebench.manifests.common.causes import read_failure
from iebench.manifests.errors import suggest
from iebench.manifests.schema import SPLITS
from iebench.manifests.taxonomy import ObjectClass
from iebench.manifests.text.plain_text import cleaned, flaw

from ..errors import AssetError, SourceError
from .formats import FORMATS, sole_mesh, unread
from .layout import SPLIT_NAMES
from .listing import CLIMBS, LICENCE, Listed, climbs, collection_classes, failing, refs
from .names import object_key
from .registry import ObjectRef, source
from .text_table import read_text_table

NEEDED, KNOWN = ("path", "class"), ("path", "class", "split", "id")
SUFFIXES = (".csv", ".tsv", ".parquet")

Row = dict[str, str]
"""Text of a row by column, for the columns of KNOWN that the table has."""


@source("manifest")
class Manifest:
    """Columns `path` (relative to the table's folder, or absolute) and `class`; optional `split` and `id`.

    If `split` is empty or missing, a hash decides it. The default of `id` is the path without its suffix. Other columns
    are ignored. Paths may contain backslashes. `text_table` describes the encodings and separators of CSV.
    """

    licence = LICENCE

    def __init__(self, path: Path | None) -> None:
        if path is None or not path.is_file() or path.suffix.lower() not in SUFFIXES:
            raise SourceError(f"--source manifest needs a .csv, .tsv or .parquet file, got {path}")
        self.path = path
        self._form = ""  # note on an unusual encoding or separator of a CSV file

    @staticmethod
    def recognises(path: Path) -> bool:
        return path.is_file() and path.suffix.lower() in SUFFIXES

    @cached_property
    def _listed(self) -> dict[str, list[Listed]]:
        """Class name -> its objects."""
        by_class: dict[str, list[Listed]] = {}
        for position, row in self._parquet() if self.path.suffix.lower() == ".parquet" else self._csv():
            self._check(position, row)
            by_class.setdefault(row["class"], []).append(self._entry(row))
        if not by_class:
            raise SourceError(f"{self.path} lists no objects: give a row with path and class for each")
        listed = [entry for objects in by_class.values() for entry in objects]
        if all(entry.problem == _absent(entry.path) for entry in listed):
            raise SourceError(
                f"{self.path}: none of its {len(listed):,} paths leads to a file, first {listed[0].path!r}: paths are "
                f"relative to {self.path.parent.absolute()}"
            )
        return by_class

    def _csv(self) -> list[tuple[str, Row]]:
        """Return the rows with their position in the file."""
        table = read_text_table(self.path, KNOWN, lambda path: _exists(self._located(path)))
        self._check_columns(table.header)
        if (table.encoding, table.separator) not in (("utf-8", ","), ("utf-8-sig", ",")):
            self._form = f"{self.path}: read as {table.encoding} with {table.separator!r} between columns"
        columns = [(table.header.index(name), name) for name in KNOWN if name in table.header]
        return [(f"line {n}", {name: fields[i].strip() for i, name in columns}) for n, fields in table.rows]

    def _parquet(self) -> list[tuple[str, Row]]:
        try:
            table = pq.read_table(self.path, partitioning=None)
        except (pa.ArrowException, OSError) as error:
            raise SourceError(
                read_failure(self.path, error, "write it again", "it is not a complete Parquet file")
            ) from error
        self._check_columns(table.column_names)
        text = pa.table({name: self._text(table, name) for name in KNOWN if name in table.column_names})
        return [
            (f"row {number}", {name: (value or "").strip() for name, value in row.items()})
            for number, row in enumerate(text.to_pylist(), start=1)
        ]

    def _check_columns(self, names: Sequence[str]) -> None:
        for name in NEEDED:
            if name not in names:
                raise SourceError(f"{self.path} has no column {name!r}, which it needs; {alike(name, names)}")
        for name in KNOWN:
            if names.count(name) > 1:
                raise SourceError(f"{self.path} has the column {name!r} more than once: keep one")

    def _text(self, table: pa.Table, name: str) -> pa.ChunkedArray:
        try:
            text = pc.cast(table[name], pa.string())
            text.validate(full=True)  # reading a Parquet does not check its text
        except pa.ArrowException as error:
            raise SourceError(
                f"{self.path}: column {name!r} ({table[name].type}) cannot be used as text: write it as strings"
            ) from error
        return text

    def _check(self, position: str, row: Row) -> None:
        for name in KNOWN[1:]:  # a path may contain any character
            if fault := flaw(row.get(name, "")):
                raise SourceError(f"{self.path}: {position} has a {name} that holds {fault}: correct it")
        for name in NEEDED:
            if not row[name]:
                raise SourceError(f"{self.path}: {position} has no {name}: fill it in, or remove the row")
        if (split := row.get("split", "").lower()) and split not in SPLIT_NAMES:
            raise SourceError(f"{self.path}: {position} has split {row['split']!r}; {suggest(split, SPLITS)}")

    def classes(self) -> Sequence[ObjectClass]:
        return collection_classes(list(self._listed))

    def objects(self, classes: Sequence[ObjectClass], per_class: int | None) -> list[ObjectRef]:
        return [ref for c in classes for ref in refs(c, self._listed[c.name], per_class)]

    def notes(self) -> list[str]:
        """Return one sentence each about an unusual CSV encoding and about objects that cannot be loaded."""
        listed = [entry for objects in self._listed.values() for entry in objects]
        return [self._form, *failing(self.path, listed)] if self._form else failing(self.path, listed)

    def _entry(self, row: Row) -> Listed:
        path = row["path"] if _exists(self.path.parent / row["path"]) else row["path"].replace("\\", "/")
        mesh, home, problem = self._located(path), self.path.parent, ""
        if Path(path).is_absolute() and climbs(mesh, home):
            home = mesh.parent
        collection = home
        if climbs(mesh, home):
            problem = f"{path} {CLIMBS}"
        elif not _exists(mesh):
            problem = _absent(path)
        elif mesh.is_dir():
            home = mesh
            try:
                mesh = sole_mesh(mesh)
            except AssetError as error:
                problem = str(error)
        elif mesh.suffix.lower() not in FORMATS:
            problem = f"{path} {unread(mesh)}"
        object_id = object_key(row.get("id") or os.path.splitext(Path(path))[0])  # noqa: PTH122  "." has no suffix to take
        split = SPLIT_NAMES.get(row.get("split", "").lower(), "")
        return Listed(object_id, mesh, home, cleaned(path), collection, split, cleaned(problem))

    def _located(self, path: str) -> Path:
        """Return the file or folder at a path; backslashes and both Unicode forms of accents are tried."""
        plain = path.replace("\\", "/")
        spellings = (path, plain, unicodedata.normalize("NFC", plain), unicodedata.normalize("NFD", plain))
        candidates = [Path(os.path.normpath(self.path.parent / spelling)) for spelling in spellings]
        return next(filter(_exists, candidates), candidates[1])


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # the name is too long
        return False


def _absent(path: str) -> str:
    return f"no mesh file {cleaned(path)}"


def alike(name: str, names: Sequence[str]) -> str:
    """Return the remedy for a missing column: its name in another case, or a similar name."""
    same = [other for other in names if other.lower() == name]
    return f"rename {same[0]!r} to {name!r}" if same else suggest(name, names)
