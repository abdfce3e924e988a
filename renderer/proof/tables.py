"""Comparison of a dataset's tables with its shards: completeness, counts and fingerprint."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from iebench.manifests.dataset import INFO, DatasetInfo, fingerprint, read_table
from iebench.manifests.errors import DatasetError
from iebench.manifests.schema import FAILURES, OBJECTS, SPLITS

from .findings import NO_FILE, Failure


def check_listing(present: Sequence[str], sums: Mapping[str, str], info: DatasetInfo) -> Iterator[Failure]:
    """Check that the existing files are those in SHA256SUMS, and the shards those counted in dataset.json.

    present : paths of the existing files, from iebench.manifests.folder.checksums.files
    """
    if sums:
        for name in sorted(set(present) - set(sums)):
            yield Failure("files", name, "", "does not belong to the dataset: SHA256SUMS does not list it")
    for split in SPLITS:
        names = [name for name in present if name.startswith(f"{split}/")]
        counted = [f"{stem}.{kind}" for stem in info.stems(split) for kind in ("parquet", "tar")]
        for name in sorted(set(names) - set(counted)):
            yield Failure("tables", name, "", f"is not one of the {info.counts[split]['shards']} shards in {INFO}")
        if sums and (unlisted := [name for name in counted if name not in sums]):
            words = f"counts shards whose files SHA256SUMS does not list, the first of {len(unlisted):,}: {unlisted[0]}"
            yield Failure("tables", INFO, "", words)


def check_tables(folder: Path, info: DatasetInfo, notes: Sequence[dict[str, Any]]) -> Iterator[Failure]:
    """Compare dataset.json, objects.parquet and failures.parquet with the outcomes that the shards list.

    notes : notes of all shards, in order
    """
    failed = [note for note in notes if note["status"] == "failed"]
    for name, expected, schema in (("objects.parquet", notes, OBJECTS), ("failures.parquet", failed, FAILURES)):
        if not (folder / name).is_file():
            yield Failure("tables", name, "", NO_FILE)
            continue
        try:
            yield from _compare(name, read_table(folder / name, schema), expected)
        except DatasetError as error:
            yield Failure("tables", name, "", str(error))
    made = {split: [n for n in notes if n["split"] == split and n["status"] != "failed"] for split in SPLITS}
    counts: dict[str, Any] = {
        "classes": len({note["synset"] for note in notes}),
        "failures": len(failed),
        **{
            f"{split}.{kind}": number
            for split in SPLITS
            for kind, number in (("objects", len(made[split])), ("images", sum(n["views"] for n in made[split])))
        },
    }
    for name, number in counts.items():
        split, _, kind = name.partition(".")
        count = info.counts[split][kind] if kind else info.counts[name]
        if count != number:
            yield Failure("tables", INFO, "", f"counts {count} {kind or name} in {split}, the shards hold {number}")


def _compare(name: str, table: pa.Table, notes: Sequence[dict[str, Any]]) -> Iterator[Failure]:
    if table.num_rows != len(notes):
        yield Failure("tables", name, "", f"has {table.num_rows} rows, the shards list {len(notes)} objects for it")
    for row, note in zip(table.to_pylist(), notes, strict=False):
        for column, value in row.items():
            if value != note.get(column):
                object_name = f"{row['synset']}/{row['object_id']}"
                fault = f"{column} is {value!r}, its shard says {note.get(column)!r}"
                yield Failure("tables", name, object_name, fault)
                break


def check_fingerprint(folder: Path, info: DatasetInfo, stems: Sequence[str]) -> Iterator[Failure]:
    """Compute the fingerprint from the key and SHA-256 of every row, and compare it with the stored fingerprint."""
    digest = fingerprint(info.recipe, (read_table(folder / f"{s}.parquet", columns=["key", "sha256"]) for s in stems))
    if digest != info.fingerprint:
        yield Failure("tables", INFO, "", f"has fingerprint {info.fingerprint[:12]}, its rows give {digest[:12]}")
