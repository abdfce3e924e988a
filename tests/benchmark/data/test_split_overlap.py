"""Val objects whose mesh is also in train."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from scoring import SMALL, from_run, untrained_run

from iebench.benchmark.data.split_overlap import leaked
from iebench.benchmark.errors import DatasetError
from iebench.benchmark.scoring.score import score
from iebench.manifests.schema import OBJECTS
from iebench.manifests.taxonomy import official_objects

Row = tuple[str, str, str, str | None]


def objects(folder: Path, rows: list[Row]) -> Path:
    """Write an objects.parquet of synset, object id, split and mesh hash."""
    columns = dict(zip(("synset", "object_id", "split", "mesh_sha256"), zip(*rows, strict=True), strict=True))
    table = pa.table(
        {f.name: pa.array(columns.get(f.name, [None] * len(rows)), f.type) for f in OBJECTS}, schema=OBJECTS
    )
    pq.write_table(table, folder / "objects.parquet")
    return folder


def test_one_file_or_one_shapenet_id_is_one_mesh(tmp_path: Path) -> None:
    mesh = official_objects()["object_id"][0].as_py()
    folder = objects(tmp_path, [
        ("a", "0", "train", "f1"), ("a", "1", "train", "f2"), ("a", mesh, "train", None), ("a", "2", "train", ""),
        ("b", "7", "val", "f2"),     # the same file under another class
        ("b", mesh, "val", None),    # the same ShapeNet id under another class
        ("b", "0", "val", "f9"),     # a number that each class has
        ("b", "8", "val", ""), ("b", "9", "val", None), ("c", "9", "val", "f9"),
    ])  # fmt: skip
    assert leaked(folder) == {("b", "7"), ("b", mesh)}


def test_the_official_list_leaks_as_counted(tmp_path: Path) -> None:
    rows = [(row["synset"], row["object_id"], row["split"], None) for row in official_objects().to_pylist()]
    leaks = leaked(objects(tmp_path, rows))
    assert len(leaks) == 424  # as docs/background/protocols.md says
    labels = {(synset, mesh) for synset, mesh, *_ in rows}
    assert leaks <= labels


@pytest.mark.slow
def test_they_are_left_out_and_counted(
    tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_plan: Callable[..., object]
) -> None:
    folder, cpu = tmp_path / "data", torch.device("cpu")
    shutil.copytree(tiny_dataset, folder)
    run = untrained_run(tmp_path / "sie", folder)
    table = pq.read_table(folder / "objects.parquet")
    first = table.column("split").to_pylist().index("val")
    identity = (table["synset"][first].as_py(), table["object_id"][first].as_py())
    monkeypatch.setattr("iebench.benchmark.scoring.splits.leaked", lambda *_: {identity})
    encoder = from_run(run, None, cpu)
    result = score(encoder, folder, run / "features", cpu, SMALL)
    assert (result.dataset.val_objects, result.dataset.known_meshes) == (5, 1)
    assert result.values["whole"]["top1"].n == 5 * 6
    everyone = {(row["synset"], row["object_id"]) for row in table.to_pylist()}
    monkeypatch.setattr("iebench.benchmark.scoring.splits.leaked", lambda *_: everyone)
    with pytest.raises(DatasetError, match="meshes of all val objects"):
        score(encoder, folder, run / "features", cpu, SMALL)
