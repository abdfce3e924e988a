"""Views of each object in a dataset and their latents, drawn from a seed or given in a table."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from .brief import few
from .common.causes import read_failure
from .dataset import INFO, SPLITS, shard_tables
from .errors import SettingError
from .latents import draw_all
from .recipe import Recipe
from .schema import MAX_VIEW
from .text.plain_text import cleaned, flaw

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Views:
    """The views of one object.

    numbers : view numbers, ascending; latents : factor name -> float64 values, one per view, in the recipe's order
    """

    numbers: tuple[int, ...]
    latents: dict[str, tuple[float, ...]]

    def of(self, index: int) -> dict[str, float]:
        """Return the latents of the view at position `index` of `numbers`."""
        return {name: values[index] for name, values in self.latents.items()}


def drawn(recipe: Recipe, seed: int, synset: str, object_id: str) -> Views:
    """Return views 0 .. recipe.views - 1 with latents drawn from the recipe's laws."""
    table = draw_all(recipe, seed, synset, object_id, recipe.views)
    return Views(tuple(range(recipe.views)), {name: tuple(values.tolist()) for name, values in table.items()})


class GivenViews:
    """Views given in a table with columns synset, object_id, view and one column per factor of a recipe.

    sha256 : SHA-256 of the table's content; it does not depend on the row order or on other columns
    """

    def __init__(self, table: pa.Table, recipe: Recipe, name: str) -> None:
        """Check the table and sort it by object and view; `name` is the file's name for messages.

        Raises
        ------
        SettingError : a column is missing or of another type, a value is not finite, a view is repeated or outside
            0 .. MAX_VIEW, or there are no rows.
        """
        if not table.num_rows:
            raise SettingError(f"{name} has no rows: it needs a row for each view")
        columns = {column: _text(table, name, column) for column in ("synset", "object_id")}
        columns["view"] = _view_numbers(_numbers(table, name, "view"), name)
        columns |= {factor: _numbers(table, name, factor) for factor in recipe.factor_names}
        ordered = pa.table(columns).sort_by([(column, "ascending") for column in ("synset", "object_id", "view")])
        names = list(zip(ordered["synset"].to_pylist(), ordered["object_id"].to_pylist(), strict=True))
        view = ordered["view"].to_numpy()
        starts = [row for row in range(len(names)) if row == 0 or names[row] != names[row - 1]]
        for row in range(1, len(names)):
            if names[row] == names[row - 1] and view[row] == view[row - 1]:
                raise SettingError(f"{name}: view {view[row]} of {'/'.join(names[row])} occurs twice: keep one row")
        self._table, self._factors = ordered, recipe.factor_names
        self._spans = {names[a]: slice(a, b) for a, b in zip(starts, [*starts[1:], len(names)], strict=True)}
        self.sha256 = _digest(ordered)

    @property
    def objects(self) -> list[tuple[str, str]]:
        """Synset and object id of every object that has views, ascending."""
        return list(self._spans)

    @property
    def most(self) -> int:
        """Largest number of views of any object."""
        return max(span.stop - span.start for span in self._spans.values())

    def values(self, factor: str) -> Array:
        """Return the values of a factor in all views: (n,)."""
        values: Array = self._table[factor].to_numpy()
        return values

    def of(self, synset: str, object_id: str) -> Views:
        """Return the views of one object, which must be one of `objects`."""
        span = self._spans[synset, object_id]
        part = self._table.slice(span.start, span.stop - span.start)
        return Views(tuple(part["view"].to_pylist()), {name: tuple(part[name].to_pylist()) for name in self._factors})

    def count(self, synset: str, object_id: str) -> int:
        """Return the number of views of an object."""
        span = self._spans[synset, object_id]
        return int(span.stop - span.start)


def read_given(path: Path, recipe: Recipe) -> GivenViews:
    """Read views from a Parquet file, or from all shards of a dataset folder.

    Raises
    ------
    SettingError : nothing readable at `path`, or for the reasons of `GivenViews`.
    """
    if not path.exists():
        raise SettingError(f"no such file: {path}; give a Parquet with columns synset, object_id, view and the latents")
    paths = [p for split in SPLITS for p in shard_tables(path, split)] if path.is_dir() else [path]
    if not paths:
        raise SettingError(f"{path} holds no shards and no {INFO}: give a dataset folder or a Parquet file")
    tables = [_read(p) for p in paths]
    try:
        table = pa.concat_tables(tables, promote_options="default")
    except pa.ArrowException as error:
        raise SettingError(f"{path} has shards whose columns differ in type: give another dataset") from error
    ignored = [f.name for f in table.schema if b"law" in (f.metadata or {}) and f.name not in recipe.factor_names]
    if ignored:
        raise SettingError(
            f"{path} has latents {few(ignored)}, which recipe {recipe.name} would ignore: choose a --recipe that "
            "has them"
        )
    return GivenViews(table, recipe, str(path))


def _read(path: Path) -> pa.Table:
    try:
        return pq.read_table(path, partitioning=None)
    except (OSError, pa.ArrowException) as error:
        raise SettingError(
            read_failure(path, error, "give another file", "it is not a complete Parquet file")
        ) from error


def _column(table: pa.Table, file: str, name: str) -> pa.ChunkedArray:
    if name not in table.column_names:
        raise SettingError(
            f"{file} has no column {name!r}, which the recipe needs: add it, or rename the column that holds it "
            f"({few(table.column_names, 12)})"
        )
    return table[name]


def _text(table: pa.Table, file: str, name: str) -> pa.ChunkedArray:
    values = _column(table, file, name)
    if values.null_count:
        raise SettingError(f"{file}: column {name!r} has rows without a value; fill them in")
    texts = _cast(values, pa.string(), file, name)
    if wrong := next((text for text in pc.unique(texts).to_pylist() if flaw(text)), ""):
        raise SettingError(f"{file}: column {name!r} holds {flaw(wrong)} in {cleaned(wrong):.80}: mend it")
    return texts


def _numbers(table: pa.Table, file: str, name: str) -> pa.ChunkedArray:
    values = _column(table, file, name)
    if not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type)):
        raise SettingError(f"{file}: column {name!r} holds {values.type}, not numbers")
    values = _cast(values, pa.float64(), file, name)
    if values.null_count or not pc.all(pc.is_finite(values)).as_py():
        raise SettingError(f"{file}: column {name!r} holds values that are not finite numbers; fill them in")
    return values


def _cast(values: pa.ChunkedArray, kind: pa.DataType, file: str, name: str) -> pa.ChunkedArray:
    try:
        cast = values.cast(kind)
        cast.validate(full=True)  # reading a Parquet does not check its text
    except pa.ArrowException as error:
        raise SettingError(
            f"{file}: column {name!r} ({values.type}) cannot be used as {kind}: mend its values"
        ) from error
    return cast


def _view_numbers(values: pa.ChunkedArray, file: str) -> pa.ChunkedArray:
    numbers = values.to_numpy()
    wrong = numbers[(numbers != np.floor(numbers)) | (numbers < 0) | (numbers > MAX_VIEW)]
    if len(wrong):
        raise SettingError(f"{file}: column 'view' holds {wrong[0]:g}; views are whole numbers in 0 .. {MAX_VIEW}")
    return values.cast(pa.int32())


def _digest(table: pa.Table) -> str:
    digest = hashlib.sha256(" ".join(table.column_names).encode())
    for name in table.column_names:
        column = table[name]
        if pa.types.is_string(column.type):
            digest.update("\n".join(column.to_pylist()).encode())
        else:
            digest.update(column.to_numpy().astype("<f8").tobytes())
    return digest.hexdigest()
