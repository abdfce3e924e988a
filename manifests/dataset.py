"""A finished dataset folder as described by its `dataset.json`. Format 1 is specified in README.md."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from .common.causes import read_failure
from .common.files import write_atomic
from .common.placeholders import placeholder
from .common.settings import build
from .common.versions import version_fault
from .errors import DatasetError, InvalidValue, UsageError
from .folder.checksums import INFO, PLAN, write_sums
from .folder.counts import Counts
from .folder.nearby import nearby
from .recipe import Recipe
from .schema import ADDED, FORMAT, OF_LINES, SPLITS, shard_stem
from .text.characters import arrow_pattern
from .text.plain_text import check_text, cleaned, flaw

MEND = "restore it or render again"
SHA256 = re.compile("[0-9a-f]{64}")
BLANK = "0" * 64  # replaces dataset.json's own SHA-256 while that is computed


@dataclass(frozen=True)
class DatasetInfo:
    """Content of dataset.json.

    renderer : name, version, device and quality settings of the renderer
    counts : objects, images and shards per split, classes, failures; see `Counts`
    seed : seed of the latents; None if the latents were given or published
    latents : "drawn" from the recipe's laws and the seed, "given SHA256" with the SHA-256 of the given table, or
        "published" with images that were imported by `iebench import`
    fingerprint : SHA-256 of the recipe and of every image's key and SHA-256 (see `fingerprint`)
    """

    recipe: Recipe
    source: str
    seed: int | None
    latents: str
    quality: str
    renderer: dict[str, str]
    counts: dict[str, Any]
    fingerprint: str
    licence: str

    def __post_init__(self) -> None:
        if lacking := [name for name in ("name", "version", "device") if name not in self.renderer]:
            raise InvalidValue(f"renderer has no {lacking[0]!r}")
        if not SHA256.fullmatch(self.fingerprint):
            raise InvalidValue(f"fingerprint {self.fingerprint!r:.80} is not a SHA-256")
        if self.latents == "drawn" and self.seed is None:
            raise InvalidValue("latents are drawn, and seed is null")

    def stems(self, *splits: str) -> list[str]:
        """Return the paths of the shards inside the dataset, without suffix, in the order of the samples' numbers.

        splits : splits of the shards; default: all
        """
        return [shard_stem(s, number) for s in splits or SPLITS for number in range(self.counts[s]["shards"])]

    def save(self, folder: Path, known: Mapping[str, str] | None = None) -> None:
        """Finish a dataset: write SHA256SUMS of all its files, then dataset.json, each complete or not at all.

        known : SHA-256 by path of files whose hash is already known
        """
        table = {
            "format": FORMAT,
            **{k: v for k, v in vars(self).items() if k != "recipe"},
            "recipe": self.recipe.as_dict(),
            "checksums": write_sums(folder, known or {}),
            "sha256": BLANK,
        }
        content = json.dumps(table, indent=2) + "\n"
        write_atomic(folder / INFO, content.replace(BLANK, hashlib.sha256(content.encode()).hexdigest()))

    @staticmethod
    def load(folder: Path) -> "DatasetInfo":
        """Read folder/dataset.json.

        Raises
        ------
        DatasetError : the dataset is missing, not finished, of another format, or its dataset.json is damaged.
        """
        (table, _), path = _read(folder), folder / INFO
        try:
            recipe = Recipe.from_dict(table.get("recipe"), f"{path}: recipe")
            build(Counts, table.get("counts"), f"{path}: counts")
            return build(DatasetInfo, {**table, "recipe": recipe}, str(path))
        except UsageError as error:
            raise DatasetError(f"{error}: {MEND}") from None


def checksums(folder: Path) -> str:
    """Return the SHA-256 of the dataset's SHA256SUMS, as written in dataset.json.

    Raises
    ------
    DatasetError : see `DatasetInfo.load`.
    """
    return _read(folder)[1]


def _read(folder: Path) -> tuple[dict[str, Any], str]:
    """Read dataset.json; return the fields of `DatasetInfo` and the SHA-256 of SHA256SUMS.

    dataset.json contains its own SHA-256, computed with 64 zeros in the hash's position.
    """
    path = folder / INFO
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise _absent(folder) from None
    except OSError as error:
        raise DatasetError(read_failure(path, error, MEND)) from error
    try:
        table = json.loads(content)
        if not isinstance(table, dict):
            raise InvalidValue("it is not a JSON object")
        if fault := version_fault(path, "a dataset", table["format"], FORMAT, "render it again"):
            raise DatasetError(fault)
        hashes = {name: _hash(table, name) for name in ("sha256", "checksums")}
    except (ValueError, KeyError, RecursionError) as error:
        raise DatasetError(read_failure(path, error, MEND)) from error
    if hashlib.sha256(content.replace(hashes["sha256"].encode(), BLANK.encode())).hexdigest() != hashes["sha256"]:
        raise DatasetError(f"{path} is damaged (it does not have its own SHA-256): {MEND}")
    check_text(table, path, DatasetError, MEND)
    facts = {key: value for key, value in table.items() if key not in ("format", *hashes)}
    return facts, hashes["checksums"]


def _hash(table: dict[str, Any], name: str) -> str:
    """Return a SHA-256 from a table.

    Raises
    ------
    InvalidValue : the value is not a SHA-256.
    """
    if not isinstance(table[name], str) or not SHA256.fullmatch(table[name]):
        raise InvalidValue(f"its {name} is not a SHA-256")
    return str(table[name])


def _absent(folder: Path) -> DatasetError:
    """Return the error for a folder without a dataset; the message says what the folder is instead."""
    if words := placeholder(folder / INFO):  # a dangling link of git-annex
        return DatasetError(f"{folder / INFO} {words}")
    if store := re.match(r"([a-z0-9]{2,}):/+(.*)", str(folder)):  # a Path keeps one of a URL's slashes
        url = "://".join(store.groups())
        return DatasetError(
            f"{url} lies in a store, and datasets are read from a folder: copy all of it into one first"
        )
    if (folder / PLAN).is_file():
        return DatasetError(f"{folder} is not finished: run the same `iebench render` again; it continues")
    remedy = nearby(folder, INFO) or "give another folder, or run `iebench render`"
    return DatasetError(f"{folder} holds no dataset (no {INFO}): {remedy}")


def shard_tables(folder: Path, split: str) -> list[Path]:
    """Return the Parquet files of a split's finished shards, in order; an empty list if the split's folder is missing.

    Raises
    ------
    DatasetError : the folder exists but cannot be listed.
    """
    try:
        paths = list((folder / split).iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise DatasetError(read_failure(folder / split, error, MEND)) from error
    return sorted(path for path in paths if re.fullmatch(r"\d.*\.parquet", path.name))


def read_table(path: Path, schema: pa.Schema | None = None, columns: list[str] | None = None) -> pa.Table:
    """Read a Parquet file of a dataset, or some of its columns, and check it against a schema.

    Columns of `schema.ADDED` that an older dataset lacks are filled with nulls.

    Raises
    ------
    DatasetError : the file is missing or damaged, its columns differ from the schema, or a text contains forbidden
        characters (see `plain_text`).
    """
    try:
        lacking = set(columns or ()) - set(pq.read_schema(path).names)
        table = pq.read_table(path, columns=None if lacking else columns, partitioning=None)
        table.validate(full=True)  # a damaged page may still be readable, with text that is not UTF-8
    except (OSError, UnicodeDecodeError, pa.ArrowException) as error:
        raise DatasetError(
            read_failure(path, error, "restore it or render the dataset again", "it is not a complete Parquet file")
        ) from error
    if lacking:
        raise DatasetError(f"{path} has no column {min(lacking)!r}, which {INFO} names: {MEND}")
    _check_texts(path, table)
    table = _with_added(table, schema) if schema is not None else table
    if schema is not None and not table.schema.equals(schema):
        raise DatasetError(f"{path} has other columns than format {FORMAT} with this recipe: render the dataset again")
    return table


def _check_texts(path: Path, table: pa.Table) -> None:
    """Refuse texts with forbidden characters, as `check_text` does for JSON."""
    for column in table.schema:
        kind, values = column.type, table[column.name]
        if pa.types.is_dictionary(kind):  # as pandas writes its categories
            kind, values = kind.value_type, values.cast(kind.value_type)
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            lines = column.name in OF_LINES
            suspects = values.filter(pc.match_substring_regex(values, arrow_pattern(lines)))
            for text in pc.unique(suspects).to_pylist():
                if fault := flaw(text, lines):
                    row = pc.index(values, text).as_py() + 1
                    raise DatasetError(f"{path}: {cleaned(column.name)} of row {row} holds {fault}: {MEND}")


def _with_added(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Add the columns of `schema.ADDED` that an older table lacks, filled with nulls."""
    lacking = set(schema.names) - set(table.column_names)
    for index, column in enumerate(schema if lacking <= ADDED else ()):
        if column.name in lacking:
            table = table.add_column(index, column, pa.nulls(len(table), column.type))
    return table


def fingerprint(recipe: Recipe, tables: Iterable[pa.Table]) -> str:
    """Return the SHA-256 of the recipe and, in order, of the key and image SHA-256 of every row."""
    digest = hashlib.sha256(recipe.digest.encode())
    for table in tables:
        for line in pc.binary_join_element_wise(table["key"], table["sha256"], " ").to_pylist():
            digest.update(line.encode() + b"\n")
    return digest.hexdigest()


def newest(root: Path = Path("data")) -> Path:
    """Return the folder of the dataset under `root` that was finished last.

    Raises
    ------
    DatasetError : `root` contains no finished dataset.
    """
    files = sorted(root.glob(f"*/{INFO}"), key=lambda path: path.stat().st_mtime)
    if not files:
        raise DatasetError(
            f"no dataset under {root}/: run `iebench render --classes 55` first, or name one with --data"
        )
    return files[-1].parent


__all__ = [
    "INFO", "PLAN", "SPLITS", "DatasetInfo", "checksums", "fingerprint", "newest", "read_table", "shard_tables",
]  # fmt: skip
