"""dataset.json is read back as it was written; anything but a finished dataset is refused with a remedy."""

import json
import os
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from iebench.manifests import dataset
from iebench.manifests.dataset import DatasetInfo, fingerprint, newest, read_table, shard_tables
from iebench.manifests.errors import DatasetError
from iebench.manifests.folder.index import rows
from iebench.manifests.schema import ADDED, OBJECTS


def test_info_survives_the_file(tiny_dataset, tmp_path):
    info = DatasetInfo.load(tiny_dataset)
    info.save(tmp_path)
    assert DatasetInfo.load(tmp_path) == info
    assert info.counts["train"] == {"objects": 24, "images": 144, "shards": 1}


def test_the_fingerprint_follows_from_recipe_and_rows(tiny_dataset):
    info = DatasetInfo.load(tiny_dataset)
    tables = [read_table(p, rows(info.recipe)) for split in ("train", "val") for p in shard_tables(tiny_dataset, split)]
    assert fingerprint(info.recipe, tables) == info.fingerprint
    assert fingerprint(info.recipe, tables[:1]) != info.fingerprint


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda d: (d / "dataset.json").unlink(), "not finished: run the same"),
        (lambda d: [(d / "dataset.json").unlink(), (d / ".plan.json").unlink()], "holds no dataset"),
        (lambda d: (d / "dataset.json").write_text("{"), r"cannot read .*dataset.json \(it is not JSON"),
        (
            lambda d: (d / "dataset.json").write_text(json.dumps({"format": 2})),
            "is a dataset of format 2, .*: update iebench",
        ),
        (lambda d: (d / "dataset.json").write_text(json.dumps({"format": 1})), "cannot read .*it has no 'sha256'"),
    ],
)
def test_what_is_no_finished_dataset_is_refused(tiny_dataset, tmp_path, damage, words):
    folder = tmp_path / "copy"
    shutil.copytree(tiny_dataset, folder)
    damage(folder)
    with pytest.raises(DatasetError, match=words):
        DatasetInfo.load(folder)


def test_a_dataset_in_a_store_is_told_to_be_copied(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        with pytest.raises(DatasetError, match=r"^s3://bucket/x lies in a store, .* copy all of it into one first$"):
            DatasetInfo.load(Path("s3://bucket/x"))
        (tmp_path / "s3:/bucket/x").mkdir(parents=True, exist_ok=True)
        (tmp_path / "s3:/bucket/x/.plan.json").write_text("{}")  # left by an unfinished run


def test_a_damaged_or_foreign_table_is_refused(tiny_dataset, tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(DatasetError, match=r"cannot read .*a\.parquet"):
        read_table(tmp_path / "a.parquet")
    with pytest.raises(DatasetError, match="other columns"):
        read_table(tiny_dataset / "failures.parquet", OBJECTS)


def test_the_newest_dataset_is_the_one_finished_last(tiny_dataset, tmp_path):
    with pytest.raises(DatasetError, match="iebench render"):
        newest(tmp_path)
    info = DatasetInfo.load(tiny_dataset)
    for age, name in [(100, "old"), (50, "new")]:
        info.save(tmp_path / name)
        path = tmp_path / name / dataset.INFO
        stamp = path.stat().st_mtime - age
        os.utime(path, (stamp, stamp))
    assert newest(tmp_path).name == "new"


def test_a_table_made_before_a_column_was_added_is_read_and_verified(tiny_dataset, tmp_path):
    table = read_table(tiny_dataset / "objects.parquet", OBJECTS)
    later = sorted(ADDED & set(OBJECTS.names))
    for gone in (later, later[:1]):
        pq.write_table(table.drop_columns(gone), tmp_path / "old.parquet")
        old = read_table(tmp_path / "old.parquet", OBJECTS)
        assert old.schema.equals(OBJECTS)
        assert all(old[name].null_count == len(old) for name in gone)
        assert old.drop_columns(gone).equals(table.drop_columns(gone))
    pq.write_table(table.drop_columns(["path"]), tmp_path / "other.parquet")
    with pytest.raises(DatasetError, match="other columns"):
        read_table(tmp_path / "other.parquet", OBJECTS)
