"""The dataset card is read correctly by the Hub's library and by Croissant's."""

import json
import re
import shutil
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from iebench.manifests.dataset import DatasetInfo, shard_tables
from iebench.manifests.folder.checksums import file_sha256
from iebench.manifests.shell.cli import main
from iebench.renderer.blender.interface import FAKE
from iebench.renderer.rendering.render import render_dataset

pytestmark = pytest.mark.slow

WARNING = '"https://schema.org/datePublished" is recommended'


@pytest.fixture(scope="module", autouse=True)
def caches(tmp_path_factory):
    """Set the cache folder of the Hub's library before its first import; no network."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HOME", str(tmp_path_factory.mktemp("hub")))
        patch.setenv("HF_HUB_OFFLINE", "1")
        yield


@pytest.fixture(scope="module")
def with_passes(tiny_plan, tmp_path_factory):
    """3 classes x 2 objects x 2 views with a mask beside each picture and the camera in columns."""
    plan = tiny_plan(classes="3", per_class=2, views=2)
    folder = tmp_path_factory.mktemp("data") / "passes"
    render_dataset(
        replace(plan, recipe=replace(plan.recipe, passes=("camera", "mask"))), folder, workers=1, backend=FAKE
    )
    return folder


def rows(folder, split):
    return pa.concat_tables(pq.read_table(path) for path in shard_tables(folder, split)).to_pylist()


@pytest.mark.parametrize("name", ["imported", "with_passes"])
def test_the_hubs_library_loads_what_the_card_declares(request, name):
    from datasets import load_dataset

    folder = request.getfixturevalue(name)
    for split, hub in (("train", "train"), ("val", "validation")):
        expected = rows(folder, split)
        loaded = load_dataset(str(folder), "images", split=hub)
        assert [{k: row[k] for k in sample} for sample, row in zip(loaded["json"], expected, strict=True)] == loaded[
            "json"
        ][:]
        picture = loaded[0]["jpg"]
        assert picture.size == (32, 32) and loaded[0]["__key__"] == expected[0]["key"]
        assert ("mask.png" in loaded.column_names) == (name == "with_passes")


def test_the_cards_examples_run(imported, monkeypatch):
    monkeypatch.chdir(imported)
    blocks = re.findall(r"```python\n(.*?)```", (imported / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    names = {}
    for block in blocks:
        exec(block, names)
    expected = rows(imported, "train")
    assert len(blocks) == 2
    assert names["latents"]["rot_x"] == expected[0]["rot_x"] and names["picture"].size == (32, 32)
    assert names["tables"].to_list() == expected


# mlcroissant leaves closing its files to the garbage collector
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
@pytest.mark.parametrize("name", ["imported", "with_passes"])
def test_croissant_validates_and_gives_every_record(request, name, tmp_path, monkeypatch):
    import mlcroissant
    from etils import epath
    from mlcroissant._src.operation_graph.operations import extract

    # it keeps the extracted tars by their relative paths, which are those of every dataset
    monkeypatch.setattr(extract, "EXTRACT_PATH", epath.Path(tmp_path))
    folder = request.getfixturevalue(name)
    dataset = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
    issues = dataset.metadata.ctx.issues
    assert not issues.errors and all(WARNING in warning for warning in issues.warnings)
    expected = [row for split in ("train", "val") for row in rows(folder, split)]
    assert plain(dataset.records("latents")) == expected
    objects = plain(dataset.records("objects"))
    assert objects == pq.read_table(folder / "objects.parquet").to_pylist()
    sets = ["images", *DatasetInfo.load(folder).recipe.pass_files]
    for record_set in sets:
        records = plain(dataset.records(record_set))
        assert sorted(record["key"] for record in records) == sorted(row["key"] for row in expected)
        assert {record["picture"].size for record in records} == {(32, 32)}


def plain(records):
    """Return records with the fields' own names and texts as str."""
    return [
        {key.partition("/")[2]: value.decode() if isinstance(value, bytes) else value for key, value in record.items()}
        for record in records
    ]


def test_every_data_file_is_described_with_its_hash(imported):
    table = json.loads((imported / "croissant.json").read_text(encoding="utf-8"))
    described = {node["@id"]: node["sha256"] for node in table["distribution"] if node["@type"] == "cr:FileObject"}
    files = [p for p in imported.rglob("*") if p.suffix in (".tar", ".parquet")]
    assert described == {p.relative_to(imported).as_posix(): file_sha256(p) for p in files}
    assert all(field["description"] for record_set in table["recordSet"] for field in record_set["field"])


def test_the_command_writes_both_again(imported, tmp_path, capsys):
    folder = tmp_path / "moved"
    shutil.copytree(imported, folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    (folder / "README.md").unlink()
    (folder / "croissant.json").write_text("{}")
    with pytest.raises(SystemExit) as stop:
        main(["card", str(folder)])
    assert not stop.value.code and "README.md" in capsys.readouterr().out
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("name", ["train/00000.tar", "train/00000.parquet", "objects.parquet"])
def test_missing_files_of_a_card_are_named(imported, tmp_path, capsys, name):
    folder = tmp_path / "cut"
    shutil.copytree(imported, folder)
    (folder / name).unlink()
    card = (folder / "README.md").read_bytes()
    with pytest.raises(SystemExit) as stop:
        main(["card", str(folder)])
    message = capsys.readouterr().err
    assert stop.value.code == 1 and f"cannot read {folder / name} (no such file): restore it" in message
    assert (folder / "README.md").read_bytes() == card


def test_a_card_states_special_properties(imported, tiny_dataset):
    card, other = ((folder / "README.md").read_text(encoding="utf-8") for folder in (imported, tiny_dataset))
    assert "red and blue exchanged" in card and "red and blue exchanged" not in other
    assert "chang2015shapenet" in card and "chang2015shapenet" not in other
    assert "license: cc0-1.0" in other and 'license_name: "CC-BY-NC"' in card
    assert "with seed 0" in other and "published" in card
