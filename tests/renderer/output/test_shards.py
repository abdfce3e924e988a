"""Shards: standard WebDataset tars, indexed by their Parquet files."""

import errno
import hashlib
import json
import os
import tarfile

import pyarrow.parquet as pq
import pytest
import webdataset

from iebench.manifests.dataset import DatasetInfo, shard_tables
from iebench.manifests.errors import DatasetError
from iebench.manifests.latents import draw_all
from iebench.renderer.output.shards import read_shard, shard_notes
from iebench.renderer.output.store import LocalStore


def members(tar_path):
    with tarfile.open(tar_path) as tar:
        return [(m, tar.extractfile(m).read()) for m in tar]


# webdataset leaves closing its files to the garbage collector
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_webdataset_reads_the_tars(tiny_dataset):
    samples = list(webdataset.WebDataset(str(tiny_dataset / "val" / "00000.tar"), shardshuffle=False).decode("rgb8"))
    assert len(samples) == 6 * 6
    rows = pq.read_table(tiny_dataset / "val" / "00000.parquet").to_pylist()
    for sample, row in zip(samples, rows, strict=True):
        assert sample["__key__"] == row["key"]
        assert sample["jpg"].shape == (32, 32, 3)
        assert {**sample["json"]} == {k: v for k, v in row.items() if k not in ("offset", "size", "sha256")}


def test_the_parquet_locates_every_image(tiny_dataset):
    for table in shard_tables(tiny_dataset, "train"):
        content = table.with_suffix(".tar").read_bytes()
        for row in pq.read_table(table).to_pylist():
            jpeg = content[row["offset"] : row["offset"] + row["size"]]
            assert jpeg[:2] == b"\xff\xd8"
            assert hashlib.sha256(jpeg).hexdigest() == row["sha256"]


def test_members_are_sorted_and_carry_no_trace_of_time_or_owner(tiny_dataset):
    entries = members(tiny_dataset / "train" / "00000.tar")
    keys = [m.name.split(".")[0] for m, _ in entries]
    assert keys == sorted(keys)
    assert [m.name.rpartition(".")[2] for m, _ in entries] == ["jpg", "json"] * (len(entries) // 2)
    assert {(m.mtime, m.uid, m.gid, m.uname, m.gname, m.mode) for m, _ in entries} == {(0, 0, 0, "", "", 0o644)}
    assert all("." not in key for key in keys)


def test_latents_are_those_of_the_object_and_described(tiny_dataset):
    info = DatasetInfo.load(tiny_dataset)
    table = pq.read_table(tiny_dataset / "val" / "00000.parquet")
    first = table.slice(0, 6).to_pylist()
    expected = draw_all(info.recipe, info.seed, first[0]["synset"], first[0]["object_id"], 6)
    for name, values in expected.items():
        assert [row[name] for row in first] == values.tolist()
        assert set(table.schema.field(name).metadata) == {b"unit", b"frame", b"law", b"circular"}
    assert json.loads(members(tiny_dataset / "val" / "00000.tar")[1][1])["rot_x"] == first[0]["rot_x"]


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.EMFILE, errno.EACCES])
def test_an_unreadable_shard_is_not_rendered_again(tiny_dataset, tiny_plan, monkeypatch, number):
    """The shard may be valid: a run that treated it as missing would overwrite it."""
    store, plan = LocalStore(tiny_dataset), tiny_plan()
    shard = plan.shards()[0]
    assert shard_notes(store, plan.recipe, shard) is not None

    def fail(*_):
        raise OSError(number, "words of a library")

    for method in ("open", "size"):
        with monkeypatch.context() as patched, pytest.raises(DatasetError, match=os.strerror(number)) as caught:
            patched.setattr(LocalStore, method, fail)
            shard_notes(store, plan.recipe, shard)
        assert "delete" not in str(caught.value)
    with monkeypatch.context() as patched, pytest.raises(DatasetError, match=os.strerror(number)) as caught:
        patched.setattr(LocalStore, "open", fail)
        read_shard(store, shard)
    assert "delete" not in str(caught.value)
