"""Rendering a dataset: the same bytes after any interruption."""

import errno
import os
import re
import shutil
from dataclasses import replace

import kill_target
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from iebench.manifests.common import files
from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.errors import DatasetError
from iebench.manifests.views import GivenViews
from iebench.renderer.blender.interface import FAKE
from iebench.renderer.engines.local import Local
from iebench.renderer.errors import DiskError, MissingPart, OutputError
from iebench.renderer.rendering.render import render_dataset

pytestmark = pytest.mark.slow


def content(folder):
    """Return the content of every file of a dataset by its path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_killed_and_resumed_equals_uninterrupted_whatever_the_workers(tmp_path):
    """SIGKILL at six moments, with 1, 2 and 3 workers in turn, compared with one uninterrupted run with 2 workers."""
    whole = kill_target.forked(tmp_path / "whole", 2)
    moments, kills = np.random.default_rng(0).uniform(0.1, 1.1, 6), 0
    for attempt, moment in enumerate(moments):
        process = kill_target.forked(tmp_path / "killed", 1 + attempt % 3)
        process.join(moment)
        if process.exitcode is None:
            process.kill()
            process.join()
            kills += 1
            if not (tmp_path / "killed" / "dataset.json").exists():
                with pytest.raises(DatasetError):
                    DatasetInfo.load(tmp_path / "killed")
    assert kills >= 2
    for process in (whole, kill_target.forked(tmp_path / "killed", 2)):
        process.join()
        assert process.exitcode == 0
    assert content(tmp_path / "killed") == content(tmp_path / "whole")
    assert len(content(tmp_path / "whole")) > 2 * 5


def test_another_order_of_objects_is_the_same_dataset(tiny_plan, tiny_dataset, tmp_path):
    plan = tiny_plan()
    render_dataset(replace(plan, objects=plan.objects[::-1]), tmp_path / "d", workers=1, backend=FAKE)
    assert content(tmp_path / "d") == content(tiny_dataset)


@pytest.mark.parametrize("lost", ["train/00000.tar", "train/00000.parquet", "val/00000.tar", "objects.parquet"])
def test_a_lost_file_is_made_again(tiny_plan, tiny_dataset, tmp_path, lost):
    folder = tmp_path / "d"
    shutil.copytree(tiny_dataset, folder)
    (folder / lost).unlink()
    render_dataset(tiny_plan(), folder, workers=1, backend=FAKE)
    assert content(folder) == content(tiny_dataset)


def test_a_truncated_tar_is_made_again(tiny_plan, tiny_dataset, tmp_path):
    folder = tmp_path / "d"
    shutil.copytree(tiny_dataset, folder)
    with (folder / "train" / "00000.tar").open("rb+") as file:
        file.truncate(1000)
    render_dataset(tiny_plan(), folder, workers=1, backend=FAKE)
    assert content(folder) == content(tiny_dataset)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": 1}, "seed is 0 in it and 1 in this command"),
        ({"views": 5}, "recipe.views is 6 in it and 5 in this command"),
        ({"resolution": 16}, "recipe.resolution is 32 in it and 16 in this command"),
        ({"per_class": 4}, "objects is 30 in it and 24 in this command"),
    ],
)
def test_a_folder_with_another_dataset_is_refused_and_kept(tiny_plan, tiny_dataset, tmp_path, change, words):
    folder = tmp_path / "d"
    shutil.copytree(tiny_dataset, folder)
    with pytest.raises(OutputError, match=words):
        render_dataset(tiny_plan(**change), folder, workers=1, backend=FAKE)
    assert content(folder) == content(tiny_dataset)


def test_a_folder_with_something_else_is_refused_and_kept(tiny_plan, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(OutputError, match="holds no dataset"):
        render_dataset(tiny_plan(), tmp_path, workers=1, backend=FAKE)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_crashes_hangs_and_bad_meshes_are_recorded_and_the_rest_is_made(tiny_plan, tmp_path, monkeypatch):
    monkeypatch.setenv("IEBENCH_TEST_MARKS", str(tmp_path))
    plan = tiny_plan(classes="2", per_class=5, views=2)
    info = render_dataset(plan, tmp_path / "d", workers=2, backend="flaky:Flaky", patience=2.0)
    causes = {row["object_id"]: row["cause"] for row in pq.read_table(tmp_path / "d" / "failures.parquet").to_pylist()}
    assert set(causes) == {"00000", "00001", "00002"}
    assert "crashed (exit code 139), 2 times" in causes["00000"]
    assert re.search(r"hung: no result after \d+ s, 2 times", causes["00001"])  # 2, or more on a busy machine
    assert "has no faces" in causes["00002"]
    status = {row["object_id"]: row["status"] for row in pq.read_table(tmp_path / "d" / "objects.parquet").to_pylist()}
    assert [status[f"0000{i}"] for i in range(5)] == ["failed", "failed", "failed", "ok", "ok"]
    assert info.counts["failures"] == 6
    assert info.counts["train"]["images"] == 2 * 2 * 2


def test_an_object_that_no_view_shows_is_a_failure_and_leaves_the_others_alone(tiny_plan, tiny_dataset, tmp_path):
    hues = pq.read_table(tiny_dataset / "train" / "00000.parquet", filters=[("object_id", "==", "00003")])["floor_hue"]
    assert {hue.as_py() > 0.5 for hue in hues} == {False, True}
    render_dataset(tiny_plan(), tmp_path / "d", workers=1, backend="flaky:Unseen")
    failures = pq.read_table(tmp_path / "d" / "failures.parquet").to_pylist()
    assert {row["object_id"] for row in failures} == {"00002"} and len(failures) == 6
    assert "covers no pixel in any of its 6 views" in failures[0]["cause"]
    rows = {row["object_id"]: row for row in pq.read_table(tmp_path / "d" / "objects.parquet").to_pylist()}
    assert (rows["00002"]["status"], rows["00002"]["views"], len(rows["00002"]["mesh_sha256"])) == ("failed", 0, 64)
    kept = pq.read_table(tmp_path / "d" / "train" / "00000.parquet")["sha256"].to_pylist()
    whole = pq.read_table(tiny_dataset / "train" / "00000.parquet", filters=[("object_id", "!=", "00002")])
    assert kept == whole["sha256"].to_pylist()


def test_a_renderer_that_cannot_start_is_one_sentence(tiny_plan, tmp_path):
    with pytest.raises(MissingPart, match=r"libXrender\.so\.1"):
        render_dataset(tiny_plan(), tmp_path / "d", workers=1, backend="flaky:Broken")
    assert not (tmp_path / "d").exists()


def test_a_full_disk_loses_nothing_that_was_finished(tiny_plan, tiny_dataset, tmp_path, monkeypatch):
    folder, fsync, calls = tmp_path / "d", os.fsync, []

    def full(descriptor):
        calls.append(descriptor)
        if len(calls) == 4:  # the plan, the first tar, its Parquet, then the second tar
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(descriptor)

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(DiskError, match="no space left to write"):
        render_dataset(tiny_plan(), folder, workers=1, backend=FAKE)
    assert not list(folder.rglob("*.partial*"))
    assert len(list(folder.rglob("*.parquet"))) == 1
    render_dataset(tiny_plan(), folder, workers=1, backend=FAKE)
    assert content(folder) == content(tiny_dataset)


def test_partial_files_of_a_lost_task_are_removed(tiny_plan, tiny_dataset, tmp_path, monkeypatch):
    whole = Local.render

    def losing(self, *arguments):
        whole(self, *arguments)
        (tmp_path / "d/train/00000.tar.8cea15e4.partial").write_bytes(b"half")

    monkeypatch.setattr(Local, "render", losing)
    render_dataset(tiny_plan(), tmp_path / "d", workers=1, backend=FAKE)
    assert content(tmp_path / "d") == content(tiny_dataset)


def test_given_latents_are_rendered_exactly(tiny_plan, tiny_dataset, tmp_path):
    """A dataset's own table of latents reproduces its pictures; a part of the table reproduces that part."""
    plan = tiny_plan()
    rows = pq.read_table(tiny_dataset / "train/00000.parquet")
    part = rows.filter(pc.is_in(rows["view"], pa.array([1, 4], pa.int32())))
    view_table = GivenViews(part, plan.recipe, "part")
    objects = tuple(o for o in plan.objects if (o.synset, o.object_id) in set(view_table.objects))
    info = render_dataset(
        replace(plan, objects=objects, view_table=view_table), tmp_path / "d", workers=2, backend=FAKE
    )
    again = pq.read_table(tmp_path / "d/train/00000.parquet")
    for column in ("key", "view", "rot_x", "light_hue", "sha256"):
        assert again[column].to_pylist() == part[column].to_pylist()
    assert (info.seed, info.latents) == (None, f"given {view_table.sha256}")
    assert info.counts["train"]["images"] == 48
    assert set(pq.read_table(tmp_path / "d/objects.parquet")["views"].to_pylist()) == {2}
