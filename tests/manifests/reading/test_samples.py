"""Samples by number and by key, equal to the tars' content."""

import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.errors import DatasetError, UnknownName
from iebench.manifests.reading.samples import Samples


@pytest.fixture
def samples(tiny_dataset):
    return Samples(tiny_dataset, DatasetInfo.load(tiny_dataset))


def test_numbers_run_through_the_shards_in_order(samples, tiny_dataset):
    stored = {}
    for stem in ("train/00000", "val/00000"):
        with tarfile.open(tiny_dataset / f"{stem}.tar") as tar:
            stored |= {m.name: tar.extractfile(m).read() for m in tar if m.name.endswith(".jpg")}
    assert len(samples) == len(stored) == 180
    order = np.random.default_rng(0).permutation(180)
    for number, sample in zip(order, samples.at(order), strict=True):
        assert f"{sample.key}.jpg" == list(stored)[number]
        assert sample.read() == stored[f"{sample.key}.jpg"]


def test_every_key_is_found(samples):
    for sample in samples.at(range(0, 180, 7)):
        match = samples.find(sample.key)
        assert (match.row, match.tar) == (sample.row, sample.tar)


def test_the_objects_have_their_own_samples(samples):
    for note, numbers in samples.objects:
        own = samples.at(numbers)
        assert {(s.row["synset"], s.row["object_id"]) for s in own} == {(note["synset"], note["object_id"])}
        assert [s.row["view"] for s in own] == list(range(6))


@pytest.mark.parametrize(("change", "near"), [(lambda k: k[:-1] + "9", "_00"), (lambda k: "1" + k[1:], "_000")])
def test_a_misspelt_key_gets_a_suggestion(samples, change, near):
    with pytest.raises(UnknownName, match=f"did you mean [0-9_]+{near}"):
        samples.find(change(samples.at([50])[0].key))


def test_damage_is_refused(tiny_dataset, tmp_path):
    folder = shutil.copytree(tiny_dataset, tmp_path / "d")
    samples = Samples(folder, DatasetInfo.load(folder))
    [sample] = samples.at([0])
    with (folder / "train/00000.tar").open("rb+") as file:
        file.seek(sample.row["offset"] + 20)
        file.write(b"damage")
    with pytest.raises(DatasetError, match="has another SHA-256"):
        sample.read()


def test_latents_are_the_columns_of_all_shards(samples, tiny_dataset):
    columns = [pq.read_table(tiny_dataset / f"{split}/00000.parquet")["rot_z"].to_numpy() for split in ("train", "val")]
    np.testing.assert_array_equal(samples.latents()["rot_z"], np.concatenate(columns))


@pytest.mark.parametrize(
    ("file", "column", "values", "words"),
    [
        ("val/00000.parquet", "rot_x", lambda n: pa.array([b"x"] * n), "rot_x holds no numbers"),
        ("val/00000.parquet", "rot_x", lambda n: pa.array(["x"] * n), "rot_x holds no numbers"),
        ("train/00000.parquet", "view", lambda n: pa.nulls(n, pa.int32()), "view is empty in some rows"),
        ("train/00000.parquet", "size", lambda n: pa.array([2**62] * n), "is damaged"),
        ("train/00000.parquet", "offset", lambda n: pa.array([2**62] * n), "is damaged"),
        ("objects.parquet", "views", lambda n: pa.nulls(n, pa.int32()), "no number of views"),
        ("objects.parquet", "views", lambda n: pa.array(["x"] * n), "has other columns than format"),
        ("objects.parquet", "views", lambda n: pa.array([900] * n, pa.int32()), "views, and the shards hold"),
    ],
)
def test_tables_of_other_values_are_refused_in_a_sentence(
    tiny_dataset: Path, tmp_path: Path, file: str, column: str, values: Callable[[int], pa.Array], words: str
) -> None:
    folder = Path(shutil.copytree(tiny_dataset, tmp_path / "tiny"))
    table = pq.read_table(folder / file)
    changed = table.set_column(table.column_names.index(column), column, values(len(table)))
    pq.write_table(changed, folder / file)
    samples = Samples(folder, DatasetInfo.load(folder))
    with pytest.raises(DatasetError, match=words):
        for _ in (samples.objects, samples.latents()):
            samples.at([0])[0].read()
