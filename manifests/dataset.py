"""A finished dataset folder as its `dataset.json` describes it. Format 1 is written down in README.md."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from .common.files import write_atomic
from .errors import DatasetError
from .recipe import Recipe
from .schema import FORMAT, SPLITS

INFO = "dataset.json"
PLAN = ".plan.json"  # what an unfinished folder holds in place of dataset.json


@dataclass(frozen=True)
class DatasetInfo:
    """What dataset.json holds.

    renderer : name, version, device and quality settings of what made the pictures
    counts : objects, images and shards per split, failures
    fingerprint : SHA-256 over the recipe and every image's key and SHA-256 (see `fingerprint`)
    """

    recipe: Recipe
    source: str
    seed: int
    quality: str
    renderer: dict[str, Any]
    counts: dict[str, Any]
    fingerprint: str
    licence: str

    def save(self, folder: Path) -> None:
        """Write folder/dataset.json, complete or not at all."""
        table = {
            "format": FORMAT,
            **{k: v for k, v in vars(self).items() if k != "recipe"},
            "recipe": self.recipe.as_dict(),
        }
        write_atomic(folder / INFO, json.dumps(table, indent=2) + "\n")

    @staticmethod
    def load(folder: Path) -> "DatasetInfo":
        """Read folder/dataset.json.

        Raises
        ------
        DatasetError : no dataset there, one that is not finished, one of another format, or a damaged file.
        """
        path = folder / INFO
        if not path.is_file():
            if (folder / PLAN).is_file():
                raise DatasetError(f"{folder} is not finished: run the same `iebench render` again, it goes on")
            raise DatasetError(f"{folder} holds no dataset (no {INFO}): give another folder, or run `iebench render`")
        try:
            table = json.loads(path.read_text(encoding="utf-8"))
            if table.pop("format") != FORMAT:
                raise DatasetError(f"{path} is of another format than {FORMAT}: update iebench")
            recipe = Recipe.from_dict(table.pop("recipe"), str(path))
            return DatasetInfo(recipe=recipe, **table)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DatasetError(f"{path} is damaged ({error}): restore it or render again") from error


def shard_tables(folder: Path, split: str) -> list[Path]:
    """The Parquet files of a split's finished shards, in order."""
    return sorted((folder / split).glob("[0-9]*.parquet"))


def read_table(path: Path, schema: pa.Schema | None = None) -> pa.Table:
    """A Parquet file of a dataset, checked against a schema.

    Raises
    ------
    DatasetError : missing, damaged, or other columns than the schema's.
    """
    try:
        table = pq.read_table(path, partitioning=None)
    except (OSError, pa.ArrowException) as error:
        raise DatasetError(
            f"cannot read {path} ({_first_line(error)}): restore it or render the dataset again"
        ) from error
    if schema is not None and not table.schema.equals(schema):
        raise DatasetError(f"{path} has other columns than format {FORMAT} with this recipe: render the dataset again")
    return table


def fingerprint(recipe: Recipe, tables: Iterable[pa.Table]) -> str:
    """SHA-256 over the recipe and, in order, the key and image SHA-256 of every row."""
    digest = hashlib.sha256(recipe.digest.encode())
    for table in tables:
        for line in pc.binary_join_element_wise(table["key"], table["sha256"], " ").to_pylist():
            digest.update(line.encode() + b"\n")
    return digest.hexdigest()


def newest(root: Path = Path("data")) -> Path:
    """The finished dataset under `root` that was finished last.

    Raises
    ------
    DatasetError : there is none.
    """
    found = sorted(root.glob(f"*/{INFO}"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise DatasetError(
            f"no dataset under {root}/: run `iebench render --classes 55` first, or name one with --data"
        )
    return found[-1].parent


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


__all__ = ["INFO", "PLAN", "SPLITS", "DatasetInfo", "fingerprint", "newest", "read_table", "shard_tables"]
