"""Features from a file: joined by key or by object and view, in any order; a file that does not fit is refused."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import torch
from scoring import SMALL, from_run, untrained_run

from iebench.benchmark.data.images import Images
from iebench.benchmark.errors import EncoderError
from iebench.benchmark.features import feature_file
from iebench.benchmark.features.cache import encode
from iebench.benchmark.features.feature_file import FeatureFile
from iebench.benchmark.scoring.score import score

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def table(tiny_dataset: Path) -> pa.Table:
    """Names of all views with random features in two columns, in random order."""
    views = pa.concat_tables([Images.open(tiny_dataset, split).table for split in ("train", "val")])
    generator = np.random.default_rng(0)
    order = generator.permutation(views.num_rows)
    numbers = generator.normal(size=(views.num_rows, 5)).astype(np.float32)
    return pa.table(
        {
            **{name: views[name].take(order) for name in ("key", "synset", "object_id", "view", "label")},
            "invariant": pa.array(list(numbers[:, :2]), pa.list_(pa.float32())),
            "equivariant": pa.FixedSizeListArray.from_arrays(pa.array(numbers[:, 2:].ravel(), pa.float64()), 3),
        }
    )


def put(path: Path, table: pa.Table) -> Path:
    pq.write_table(table, path, row_group_size=50)
    return path


@pytest.mark.parametrize("names", [("key",), ("synset", "object_id", "view"), ("key", "label")])
def test_rows_go_to_their_views(
    table: pa.Table, tiny_dataset: Path, tmp_path: Path, names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feature_file, "NUMBERS", 5 * 32)
    file = FeatureFile.open(
        put(tmp_path / "mine.parquet", table.select([*names, "invariant", "equivariant"])), tiny_dataset
    )
    assert (file.name, file.dim) == ("mine", 5)
    assert file.parts == {"invariant": slice(0, 2), "equivariant": slice(2, 5)}
    stored = {
        row["key"]: row["invariant"] + row["equivariant"]
        for row in table.select(["key", "invariant", "equivariant"]).to_pylist()
    }
    for split in ("train", "val"):
        images = Images.open(tiny_dataset, split)
        rows = np.arange(len(images))[::-2].copy()
        encoded = encode(file, images, rows, tmp_path / "cache", CPU)
        expected = np.array([stored[images.table["key"][int(row)].as_py()] for row in rows], np.float32)
        assert (encoded.features == expected).all() and encoded.images_per_s is None


def test_one_column_has_no_parts(table: pa.Table, tiny_dataset: Path, tmp_path: Path) -> None:
    file = FeatureFile.open(put(tmp_path / "a.parquet", table.select(["key", "equivariant"])), tiny_dataset)
    assert file.parts == {} and file.dim == 3


@pytest.mark.slow
def test_an_encoders_own_features_score_as_the_encoder(tiny_dataset: Path, tmp_path: Path) -> None:
    encoder = from_run(untrained_run(tmp_path / "run", tiny_dataset, "vicreg"), None, CPU)
    views, features = [], []
    for split in ("train", "val"):
        images = Images.open(tiny_dataset, split)
        views.append(images.table["key"])
        features.append(encode(encoder, images, np.arange(len(images)), tmp_path / "cache", CPU).features)
    columns = {"key": pa.chunked_array([c for keys in views for c in keys.chunks]), "z": list(np.concatenate(features))}
    file = FeatureFile.open(put(tmp_path / "a.parquet", pa.table(columns)), tiny_dataset)
    encoder_values, file_values = (
        score(source, tiny_dataset, tmp_path / "cache", CPU, SMALL).values["whole"] for source in (encoder, file)
    )
    assert encoder_values == file_values


def swapped(table: pa.Table, name: str, values: Any) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, values)


def spoilt(row: int, value: Any, kind: str = "float32") -> Callable[[pa.Table], pa.Table]:
    def change(table: pa.Table) -> pa.Table:
        lists = table["invariant"].to_pylist()
        lists[row] = value
        return swapped(table, "invariant", pa.array(lists, pa.list_(pa.type_for_alias(kind))))

    return change


@pytest.mark.parametrize(("change", "message"), [
    (lambda t: t.drop_columns(["key", "view"]), "no column that names the view of a row: add a column key, or synset"),
    (lambda t: t.drop_columns(["invariant", "equivariant"]), "has no column of lists of floats"),
    (lambda t: t.slice(2), r"has no row of views of .*tiny \(2: .*exactly one row"),
    (lambda t: pa.concat_tables([t, t.slice(0, 5)]), r"more than one row of views of .* \(5: .*, \.\.\.\)"),
    (lambda t: swapped(t, "key", pc.utf8_upper(pc.replace_substring(t["key"], "_", "-"))), "rows of no view of"),
    (lambda t: t.append_column("loss", pa.array(np.zeros(len(t)))), "loss is neither a list of floats nor a column of"),
    (lambda t: t.append_column("ids", pa.array([[1]] * len(t))), "ids has lists of int64: give lists of floats"),
    (spoilt(7, [1.0]), "invariant has 2 numbers in row 0 and 1 in row 7"),
    (spoilt(60, None), "invariant has 2 numbers in row 0 and 0 in row 60"),
    (spoilt(60, [1.0, float("nan")]), "invariant of row 60 is not finite or has a number missing"),
    (spoilt(9, [1.0, None]), "invariant of row 9 is not finite or has a number missing"),
    (spoilt(9, [1.0, 1e300], "float64"), "invariant of row 9 is not finite .* that float32 can hold"),
    (lambda t: t.slice(0, 0), "has no rows: give every view of"),
    (lambda t: t.rename_columns(["whole" if n == "invariant" else n for n in t.column_names]), "'whole' has the name"),
    (lambda t: swapped(t, "key", pa.array([[key] for key in t["key"].to_pylist()])), "key has list<.*, not text"),
    (lambda t: swapped(t, "view", pa.array(["v5"] * len(t))).drop_columns(["key"]), "'v5', not whole numbers"),
    (lambda t: swapped(t, "view", pa.array([0.5] * len(t))).drop_columns(["key"]), "such as 0.5, not whole numbers"),
    (spoilt(0, []), "invariant of its first row is empty"),
    (lambda t: swapped(t, "equivariant", pa.array([[1.0] * 3] * 9 + [None] * (len(t) - 9), pa.list_(pa.float64(), 3))),
     r"it has rows that are damaged\): write it again"),
    (lambda t: t.append_column("key", t["key"]), "has key more than once: every column needs a name of its own"),
    (lambda t: t.append_column("invariant", t["invariant"]), "has invariant more than once"),
])  # fmt: skip
def test_what_does_not_fit_is_named(
    table: pa.Table, tiny_dataset: Path, tmp_path: Path, change: Callable[[pa.Table], pa.Table], message: str
) -> None:
    path = put(tmp_path / "mine.parquet", change(table))
    with pytest.raises(EncoderError, match=message):
        file = FeatureFile.open(path, tiny_dataset)
        for split in ("train", "val"):
            images = Images.open(tiny_dataset, split)
            encode(file, images, np.arange(len(images)), tmp_path / "cache", CPU)
    assert not list(tmp_path.glob("cache/*val*"))


def test_what_is_no_table(tiny_dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"no such file: .*; --features takes a Parquet file"):
        FeatureFile.open(tmp_path / "gone.parquet", tiny_dataset)
    (tmp_path / "a.parquet").write_bytes(b"x" * 100)
    with pytest.raises(EncoderError, match="it is not a complete Parquet file"):
        FeatureFile.open(tmp_path / "a.parquet", tiny_dataset)


def test_a_damaged_page_is_one_sentence(table: pa.Table, tiny_dataset: Path, tmp_path: Path) -> None:
    path = put(tmp_path / "a.parquet", table.select(["key", "equivariant"]))
    whole = path.read_bytes()
    caught = 0
    for position in range(40, len(whole) // 2, 400):
        path.write_bytes(whole[:position] + bytes(60) + whole[position + 60 :])
        try:
            file = FeatureFile.open(path, tiny_dataset)
            encode(file, Images.open(tiny_dataset, "train"), np.arange(8), tmp_path / f"cache{position}", CPU)
        except EncoderError as error:
            assert "\n" not in str(error)
            caught += "cannot read" in str(error)
    assert caught


READING = """
import sys
from pathlib import Path
import numpy as np
import pyarrow as pa
from iebench.benchmark.features import feature_file
from iebench.benchmark.data.images import Images
feature_file.NUMBERS = 2**17
table, data = map(Path, sys.argv[1:])
images = Images.open(data, "val")
feature_file.FeatureFile.open(table, data).copy(images, np.arange(len(images)), table.with_suffix(".npy"))
print(pa.default_memory_pool().max_memory())
"""


@pytest.mark.slow
@pytest.mark.parametrize("group", [8, 10_000])
def test_memory_does_not_go_with_the_row_group(table: pa.Table, tiny_dataset: Path, tmp_path: Path, group: int) -> None:
    numbers = np.random.default_rng(0).normal(size=(len(table), 2**15)).astype(np.float32)
    wide = pa.table({"key": table["key"], "z": pa.FixedSizeListArray.from_arrays(pa.array(numbers.ravel()), 2**15)})
    path = tmp_path / "a.parquet"
    pq.write_table(wide, path, row_group_size=group, data_page_size=2**16)
    command = [sys.executable, "-c", READING, path, tiny_dataset]
    peak = int(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    assert path.stat().st_size > 20e6 and peak < 6e6
