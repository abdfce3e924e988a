"""Importing: the same bytes from folder or archive, in any order, interrupted or not; JPEGs are unchanged."""

import io
import os
import random
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from iebench.manifests.dataset import DatasetInfo, shard_tables
from iebench.manifests.shell.cli import main
from iebench.renderer.errors import DamagedSource, OutputError, SourceError
from iebench.renderer.importing import spool
from iebench.renderer.importing.audit import Audit
from iebench.renderer.importing.fake import published_files
from iebench.renderer.importing.published import file_key, published_plan
from iebench.renderer.importing.run import import_dataset

pytestmark = pytest.mark.slow

COMMAND = ["import", "3diebench", "--views", "8", "--resolution", "32", "--limit", "70", "--workers", "1"]


def content(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def archive(path, files, mode="w:gz", kind=tarfile.PAX_FORMAT):
    with tarfile.open(path, mode, format=kind) as tar:
        for name, data in files:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


def test_every_jpeg_and_latent_is_the_published_one(published, imported):
    plan, files = published
    by_key = {file_key(name): data for name, data in files.items()}
    count = 0
    for split in ("train", "val"):
        for table in shard_tables(imported, split):
            tar = table.with_suffix(".tar").read_bytes()
            for row in pq.read_table(table).to_pylist():
                owner = (row["synset"], row["object_id"])
                assert tar[row["offset"] : row["offset"] + row["size"]] == by_key[(*owner, "image", row["view"])]
                latents = np.load(io.BytesIO(by_key[(*owner, "latent", row["view"])]))
                assert [row[name] for name in plan.recipe.factor_names] == latents.tolist()
                count += 1
    assert count == plan.images == 560
    info = DatasetInfo.load(imported)
    assert info.recipe.channel_order == "bgr" and info.recipe.name == "3diebench-as-released"
    assert (info.seed, info.latents, info.quality, info.renderer["name"]) == (
        None, "published", "as released", "imported",
    )  # fmt: skip
    assert info.counts["train"] == {"objects": 56, "images": 448, "shards": 2}
    assert info.counts["val"] == {"objects": 14, "images": 112, "shards": 1}


@pytest.mark.parametrize(
    ("mode", "kind", "budget"), [("w:gz", tarfile.GNU_FORMAT, 1 << 28), ("w", tarfile.PAX_FORMAT, 40_000)]
)
def test_an_archive_in_any_order_gives_the_same_bytes(published, imported, tmp_path, monkeypatch, mode, kind, budget):
    plan, files = published
    shuffled = [(f"{'long ' * 30}/{name}", data) for name, data in files.items()]  # names beyond a plain header
    random.Random(0).shuffle(shuffled)
    spilled = []
    spill = spool.Spool._spill
    monkeypatch.setattr(spool.Spool, "_spill", lambda *a: (spilled.append(a[1]), spill(*a)))
    monkeypatch.setattr(spool.Spool.__init__, "__defaults__", (budget,))
    import_dataset(plan, archive(tmp_path / "a.tar", shuffled, mode, kind), tmp_path / "d", workers=1)
    assert content(tmp_path / "d") == content(imported)
    assert len(set(spilled)) == (3 if budget < 1 << 20 else 0)
    assert not (tmp_path / "d" / spool.FOLDER).exists()


def test_killed_in_the_middle_of_an_archive_and_resumed(published, imported, tmp_path):
    """SIGKILL while the archive, fed through a pipe, is paused after its first complete shard."""
    plan, files = published
    first = {(o.synset, o.object_id) for o in plan.shards()[0].objects}
    ordered = sorted(files.items(), key=lambda item: (file_key(item[0])[:2] not in first, item[0]))
    whole = archive(tmp_path / "whole.tar.gz", ordered).read_bytes()
    os.mkfifo(tmp_path / "a.tar.gz")
    command = [sys.executable, "-m", "iebench.manifests.shell.cli", *COMMAND, tmp_path / "a.tar.gz", tmp_path / "d"]
    with (
        subprocess.Popen(command, stderr=subprocess.DEVNULL) as process,
        (tmp_path / "a.tar.gz").open("wb", buffering=0) as pipe,
    ):
        pipe.write(whole[: len(whole) * 3 // 4])
        shard, deadline = tmp_path / "d" / "train" / "00000.parquet", time.monotonic() + 60
        while not shard.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
    before = shard.stat().st_mtime_ns
    assert not (tmp_path / "d" / "dataset.json").exists()
    info, _ = import_dataset(plan, tmp_path / "whole.tar.gz", tmp_path / "d", workers=1)
    assert content(tmp_path / "d") == content(imported)
    assert shard.stat().st_mtime_ns == before  # it was not written again
    shard.unlink()
    assert import_dataset(plan, tmp_path / "whole.tar.gz", tmp_path / "d", workers=1)[0] == info
    assert content(tmp_path / "d") == content(imported)


@pytest.mark.parametrize("damage", ["cut", "flipped", "header", "zeros"])
def test_a_damaged_archive_is_one_sentence_and_keeps_what_was_finished(published, imported, tmp_path, damage):
    plan, files = published
    path = archive(tmp_path / "a.tar", files.items(), "w" if damage in ("header", "zeros") else "w:gz")
    data = bytearray(path.read_bytes())
    middle = len(data) // 1024 * 512
    if damage == "cut":
        del data[middle:]
    elif damage == "flipped":
        data[middle] ^= 1
    else:
        with tarfile.open(path) as tar:
            start = next(member.offset for member in tar if member.offset > middle)
        data[start : start + 512] = bytes(512) if damage == "zeros" else b"x" * 512
    path.write_bytes(data)
    with pytest.raises(SourceError, match=r"damaged or cut short after \d+ images .*: download it again"):
        import_dataset(plan, path, tmp_path / "d", workers=1)
    assert not (tmp_path / "d" / "dataset.json").exists() and not (tmp_path / "d" / spool.FOLDER).exists()


def test_unusable_objects_are_failures_with_a_cause(published, tmp_path, capsys):
    """Runs the command on a folder with one defect in each object."""
    plan, files = published
    files = dict(files)
    owners = [f"3DIEBench/{o.synset}/{o.object_id}" for o in plan.objects[:9]]
    good = io.BytesIO(files[f"{owners[0]}/latent_0.npy"])

    def latent(array):
        file = io.BytesIO()
        np.save(file, array)
        return file.getvalue()

    row = np.load(good)
    for name in [name for name in files if name.startswith(owners[0])]:
        del files[name]
    del files[f"{owners[1]}/image_7.jpg"], files[f"{owners[1]}/latent_2.npy"]
    files[f"{owners[2]}/image_3.jpg"] = files[f"{owners[2]}/image_3.jpg"][:-200]
    files[f"{owners[3]}/image_0.jpg"] = b"no picture"
    files[f"{owners[4]}/latent_1.npy"] = latent(row.astype(np.float32))
    files[f"{owners[5]}/latent_1.npy"] = latent(row[:6])
    files[f"{owners[6]}/latent_1.npy"] = latent(np.where(np.arange(7) == 3, np.nan, row))
    files[f"{owners[7]}/latent_1.npy"] = b"\x93NUMPY junk"
    for view in range(8):  # a generator that was resumed with its seed
        files[f"{owners[8]}/latent_{view}.npy"] = files[f"{owners[8]}/latent_{view % 5}.npy"]
    files["3DIEBench/README"] = b"hello"
    files["3DIEBench/03797390/nobody/image_0.jpg"] = files[f"{owners[8]}/image_0.jpg"]
    for name, data in files.items():
        (tmp_path / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "source" / name).write_bytes(data)
    with pytest.raises(SystemExit) as stop:
        main([*COMMAND, str(tmp_path / "source"), str(tmp_path / "d")])
    assert stop.value.code == 3
    out, err = capsys.readouterr()
    causes = {r["object_id"]: r["cause"] for r in pq.read_table(tmp_path / "d" / "failures.parquet").to_pylist()}
    expected = [
        "absent", "latent_2.npy is missing; 1 more", "image_3.jpg does not decode", "image_0.jpg does not decode",
        "latent_1.npy holds float32 (7,), not float64 (7,)", "latent_1.npy holds float64 (6,)",
        "latent_1.npy holds numbers that are not finite", "latent_1.npy is not a NumPy file",
    ]  # fmt: skip
    assert len(causes) == len(expected)
    for ref, words in zip(plan.objects[:8], expected, strict=True):
        assert causes[ref.object_id].startswith(words), causes[ref.object_id]
    report = Audit.load(tmp_path / "d")
    assert (report.planned, report.imported, report.absent, report.unusable) == (70, 62, 1, 7)
    assert (report.unlisted_examples, report.other, report.repeated) == (["03797390/nobody"], 1, 3)
    key = f"{plan.objects[8].synset}_{plan.objects[8].object_id}"
    assert report.repeat_example == f"{key}_005 repeats {key}_000"
    assert report.views_found == {"0": 1, "6": 1, "8": 68}
    assert report.repeat_example in out and "image_3.jpg does not decode" in out
    assert "8 objects could not be made" in err and "Traceback" not in err


def test_a_finished_import_is_not_read_again(published, imported, tmp_path):
    plan, _ = published
    shutil.copytree(imported, tmp_path / "d")
    (tmp_path / "empty").mkdir()
    _, report = import_dataset(plan, tmp_path / "empty", tmp_path / "d", workers=1)
    assert report == Audit.load(imported)
    assert content(tmp_path / "d") == content(imported)


def test_a_source_that_is_no_published_dataset_is_refused(published, tmp_path):
    plan, _ = published
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.txt").write_text("years of work")
    with pytest.raises(SourceError, match=r"no such file or folder: .*nowhere"):
        import_dataset(plan, tmp_path / "nowhere", tmp_path / "d", 1)
    with pytest.raises(SourceError, match=r"thesis holds no SYNSET/OBJECT/image_I\.jpg"):
        import_dataset(plan, tmp_path / "thesis", tmp_path / "d", 1)
    with pytest.raises(SourceError, match=r"thesis\.tar holds no SYNSET/OBJECT/image_I\.jpg"):
        import_dataset(plan, archive(tmp_path / "thesis.tar", [("a/thesis.txt", b"x")], "w"), tmp_path / "d", 1)
    with pytest.raises(SourceError, match=r"thesis\.txt is not a tar or tar\.gz"):
        import_dataset(plan, tmp_path / "thesis" / "thesis.txt", tmp_path / "d", 1)
    with pytest.raises(OutputError, match="holds no dataset"):
        import_dataset(plan, tmp_path / "thesis", Path(tmp_path / "thesis"), 1)


@pytest.mark.parametrize("form", ["folder", "tar"])
def test_a_source_that_gave_nothing_leaves_the_folder_to_another_import(published, tmp_path, form):
    plan, files = published
    (tmp_path / "folder").mkdir()
    archive(tmp_path / "tar", [("a/thesis.txt", b"x")], "w")
    with pytest.raises(SourceError):
        import_dataset(plan, tmp_path / form, tmp_path / "d", 1)
    assert not (tmp_path / "d").exists()
    other = published_plan("3diebench", views=4, resolution=32, limit=20)
    assert import_dataset(other, archive(tmp_path / "a.tar", files.items(), "w"), tmp_path / "d", 1)[1].planned == 20


def test_broken_objects_are_shown_before_absent_ones(published, tmp_path):
    plan, files = published
    *absent, last = sorted({name.rpartition("/")[0] for name in files})[-20:]
    present = [(name, data) for name, data in files.items() if name.rpartition("/")[0] not in absent]
    broken = [(name, b"no picture" if name == f"{last}/image_0.jpg" else data) for name, data in present]
    _, report = import_dataset(plan, archive(tmp_path / "a.tar", broken, "w"), tmp_path / "d", 1)
    assert (report.absent, report.unusable, len(report.causes)) == (19, 1, 5)
    assert next(iter(report.causes.values())).startswith("image_0.jpg does not decode")


@pytest.mark.parametrize(("name", "within"), [("3diebench-t", 1.0), ("3diebench-ood", 0.0)])
def test_the_other_published_sets(tmp_path, name, within):
    """Ten latents with red and blue exchanged; angles beyond a quarter turn, equal to poses of 3DIEBench."""
    plan = published_plan(name, views=4, resolution=16, limit=20)
    info, report = import_dataset(
        plan, archive(tmp_path / "a.tar", published_files(plan), "w"), tmp_path / "d", workers=1
    )
    assert info.recipe.name == f"{name}-as-released" and info.recipe.channel_order == "bgr"
    assert list(report.fits) == plan.recipe.factor_names
    assert all(fit.outside == 0 and fit.chance > 1e-3 for fit in report.fits.values())
    assert (report.imported, report.poses_within, report.poses_equal) == (20, within, 1.0)
    assert (info.counts["train"]["images"] > 0) == (name == "3diebench-t")
    assert ("split: train" in (tmp_path / "d" / "README.md").read_text()) == (name == "3diebench-t")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"8": "9"}, "70 of 70 have the cause 'image_8.jpg is missing', and in the source 70 objects with 8;"),
        ({"32": "64"}, "70 of 70 have the cause 'image_0.jpg has 32 x 32 pixels, not 64 x 64'"),
        ({"3diebench": "3diebench-t"}, "have the cause 'latent_0.npy holds float64 (7,), not float64 (10,)'"),
    ],
)
def test_an_import_of_nothing_is_an_error_and_leaves_the_folder_to_the_right_command(
    published, imported, tmp_path, capsys, change, words
):
    path = archive(tmp_path / "a.tar", published[1].items(), "w")
    with pytest.raises(SystemExit) as stop:
        main([*(change.get(word, word) for word in COMMAND), str(path), str(tmp_path / "x" / "d")])
    err = capsys.readouterr().err
    assert stop.value.code == 2 and words in err and "give another name, source, --views" in err
    assert not (tmp_path / "x").exists()
    (tmp_path / "d").mkdir()
    with pytest.raises(SystemExit):
        main([*(change.get(word, word) for word in COMMAND), str(path), str(tmp_path / "d")])
    assert not list((tmp_path / "d").iterdir())
    import_dataset(published[0], path, tmp_path / "d", workers=1)
    assert content(tmp_path / "d") == content(imported)


@pytest.mark.parametrize("form", ["folder", "tar"])
def test_the_same_command_completes_an_import_once_its_source_is_complete(published, imported, tmp_path, form):
    plan, files = published
    owners = sorted({name.rpartition("/")[0] for name in files})

    def lay(files):
        shutil.rmtree(tmp_path / "folder", ignore_errors=True)
        for name, data in files:
            (tmp_path / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "folder" / name).write_bytes(data)
        archive(tmp_path / "tar", files, "w")

    def times():
        return {path: path.stat().st_mtime_ns for path in (tmp_path / "d").glob("*/*")}

    lay([
        (name, b"no picture" if name == f"{owners[1]}/image_3.jpg" else data)
        for name, data in files.items()
        if name.rpartition("/")[0] != owners[0]
    ])  # fmt: skip
    _, report = import_dataset(plan, tmp_path / form, tmp_path / "d", workers=1)
    assert (report.absent, report.unusable) == (1, 1)
    before, written = content(tmp_path / "d"), times()
    assert import_dataset(plan, tmp_path / form, tmp_path / "d", workers=1)[1] == report
    assert content(tmp_path / "d") == before and times() == written  # the same source changes nothing
    lay([(name, data) for name, data in files.items() if name.rpartition("/")[0] == owners[0]])
    _, report = import_dataset(plan, tmp_path / form, tmp_path / "d", workers=1)
    assert report.imported == 68 and times() == written  # a valid object is kept although its source is now absent
    lay(list(files.items()))
    _, report = import_dataset(plan, tmp_path / form, tmp_path / "d", workers=1)
    assert report.imported == 70
    assert content(tmp_path / "d") == content(imported)


def test_a_finished_import_stays_finished_without_its_source(published, tmp_path):
    plan, files = published
    [first, *_] = sorted({name.rpartition("/")[0] for name in files})
    rest = [(name, data) for name, data in files.items() if name.rpartition("/")[0] != first]
    import_dataset(plan, archive(tmp_path / "a.tar", rest, "w"), tmp_path / "d", workers=1)
    before = content(tmp_path / "d")
    (tmp_path / "a.tar").write_bytes((tmp_path / "a.tar").read_bytes()[:200_000])
    with pytest.raises(DamagedSource):
        import_dataset(plan, tmp_path / "a.tar", tmp_path / "d", workers=1)
    assert content(tmp_path / "d") == before


@pytest.mark.parametrize("url", ["s3://bucket/x", "memory://x/y", "gs://b/x"])
def test_an_import_into_a_cloud_store_is_refused(tmp_path, monkeypatch, capsys, url):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "source").mkdir()
    with pytest.raises(SystemExit) as stop:
        main([*COMMAND, "source", url])
    assert stop.value.code == 2
    assert (
        f"{url} is in a cloud store, but this command writes local files and folders: give one"
        in capsys.readouterr().err
    )
    assert [path.name for path in tmp_path.iterdir()] == ["source"]
