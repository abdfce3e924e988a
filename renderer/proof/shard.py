"""Check of one shard of a dataset: hashes, rows, tar, latents."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from iebench.manifests.common.causes import read_failure, reason
from iebench.manifests.common.placeholders import placeholder
from iebench.manifests.dataset import DatasetInfo, read_table
from iebench.manifests.errors import DatasetError, InvalidValue
from iebench.manifests.folder.checksums import SUMS, file_sha256
from iebench.manifests.folder.index import rows
from iebench.manifests.recipe import Recipe
from iebench.manifests.schema import IDENTITY, key
from iebench.manifests.views import drawn

from ..output.shards import read_notes
from .findings import NO_FILE, Failure
from .tars import check_tar


@dataclass(frozen=True)
class ShardTask:
    """A shard to check.

    stem : path inside the dataset, without suffix
    tar_sha256, parquet_sha256 : SHA-256 of its files in SHA256SUMS; None if unknown or SHA256SUMS is damaged
    """

    folder: Path
    info: DatasetInfo
    stem: str
    tar_sha256: str | None
    parquet_sha256: str | None

    @property
    def tar(self) -> str:
        return f"{self.stem}.tar"

    @property
    def parquet(self) -> str:
        return f"{self.stem}.parquet"

    @property
    def doubt(self) -> str:
        """Consequence of a fault that affects all samples of the shard, in words."""
        return f"all samples of shard {self.stem} are in doubt"

    @property
    def bytes(self) -> int:
        """Total size of the shard's existing files."""
        paths = (self.folder / self.tar, self.folder / self.parquet)
        return sum(path.stat().st_size for path in paths if path.is_file())


@dataclass
class ShardFindings:
    """Faults of a shard, and the content it lists.

    notes : note of each of its objects, from the Parquet's metadata; None if it cannot be read
    """

    failures: list[Failure] = field(default_factory=list)
    notes: list[dict[str, Any]] | None = None
    images: int = 0


def check_shard(task: ShardTask) -> ShardFindings:
    """Check every byte of a shard's two files."""
    findings, info = ShardFindings(), task.info
    has_tar = (task.folder / task.tar).is_file()  # if so, its samples are checked one by one
    findings.failures += check_file(task.folder, task.tar, task.tar_sha256, "" if has_tar else task.doubt)
    findings.failures += check_file(task.folder, task.parquet, task.parquet_sha256, task.doubt)
    try:
        table, notes = _read(task)
    except DatasetError as error:
        findings.failures.append(Failure("tables", task.parquet, "", f"{error}; {task.doubt}"))
        return findings
    findings.notes, findings.images = notes["objects"], len(table)
    wrong = [("tables", k, fault) for k, fault in _check_rows(table, notes["objects"])]
    if task.tar_sha256 not in (None, notes["tar_sha256"]):
        wrong.append(("tables", "", f"gives another SHA-256 for {task.tar} than SHA256SUMS"))
    if info.latents == "drawn":
        wrong += [("latents", k, fault) for k, fault in _check_drawn(table, info)]
    findings.failures += [Failure(check, task.parquet, k, fault) for check, k, fault in wrong]
    if has_tar:  # otherwise `check_file` has reported it
        try:
            for check, k, fault in check_tar(task.folder / task.tar, table, info.recipe):
                findings.failures.append(Failure(check, task.tar, k, fault))
        except OSError as error:
            findings.failures.append(Failure("files", task.tar, "", f"cannot be read ({reason(error)}); {task.doubt}"))
    return findings


def check_file(folder: Path, name: str, sha256: str | None, doubt: str = "") -> Iterator[Failure]:
    """Check that a file exists and has its recorded SHA-256, if one is recorded.

    doubt : consequence of a failure, in words
    """
    more = f"; {doubt}" if doubt else ""
    try:
        digest = file_sha256(folder / name)
    except FileNotFoundError:
        yield Failure("files", name, "", f"is missing{more}")
    except OSError as error:
        yield Failure("files", name, "", f"cannot be read ({reason(error)}){more}")
    else:
        if sha256 not in (None, digest):
            fault = placeholder(folder / name) or f"has SHA-256 {digest[:12]}, {SUMS} says {sha256[:12]}"
            yield Failure("files", name, "", f"{fault}{more}")


def _read(task: ShardTask) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Read rows and notes of a shard's Parquet.

    Raises
    ------
    DatasetError : the Parquet cannot be read, or has invalid content.
    """
    path = task.folder / task.parquet
    if not path.is_file():
        raise DatasetError(NO_FILE)
    table = read_table(path, rows(task.info.recipe))
    try:
        notes = read_notes(pq.read_schema(path))
        listed = table.to_pylist()
        if any(column.null_count for column in table.columns):
            raise InvalidValue("it has empty cells")
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise DatasetError(read_failure(path, error, "restore it or render the dataset again")) from error
    return listed, notes


def _check_rows(table: Sequence[dict[str, Any]], notes: Sequence[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Check that the rows are the views of the objects that did not fail, in order."""
    expected = [note for note in notes if note["status"] != "failed" for _ in range(note["views"])]
    if len(expected) != len(table):
        yield "", f"has {len(table)} rows and lists objects with {len(expected)} views"
    last = ("", "", -1)
    for row, note in zip(table, expected, strict=False):
        position = (row["synset"], row["object_id"], row["view"])
        if any(row[name] != note[name] for name in IDENTITY):
            yield row["key"], f"is at the position of a view of {note['synset']}/{note['object_id']}"
        elif row["key"] != key(*position) or position <= last:
            yield row["key"], f"is view {row['view']} of {row['synset']}/{row['object_id']}, or not in order"
        last = position


def _check_drawn(table: Sequence[dict[str, Any]], info: DatasetInfo) -> Iterator[tuple[str, str]]:
    """Draw the latents of every object again from the seed and compare all bits."""
    for object_key, group in _objects(table):
        views = drawn(info.recipe, int(info.seed or 0), *object_key)
        for row in group:
            if not 0 <= row["view"] < len(views.numbers):
                yield row["key"], f"is view {row['view']} of {len(views.numbers)}"
                continue
            wrong = _differences(row, views.of(row["view"]), info.recipe)
            if wrong:
                yield row["key"], "; ".join(wrong)


def _differences(row: dict[str, Any], latents: dict[str, float], recipe: Recipe) -> list[str]:
    names = [name for name in recipe.factor_names if row[name] != latents[name]]
    return [f"{name} is {row[name]!r}, the seed gives {latents[name]!r}" for name in names[:3]]


def _objects(table: Sequence[dict[str, Any]]) -> Iterator[tuple[tuple[str, str], list[dict[str, Any]]]]:
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in table:
        groups.setdefault((row["synset"], row["object_id"]), []).append(row)
    yield from groups.items()
