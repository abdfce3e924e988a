"""Machine faults lose no data, and no wrong data looks right; docs/background/reliability.md lists them."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import blender_probe
import pytest
from observe import content, descendants, end

from iebench.manifests.common import space
from iebench.manifests.taxonomy import choose
from iebench.renderer.blender.interface import FAKE
from iebench.renderer.errors import DiskError, OutputError
from iebench.renderer.machine.private import private_folder
from iebench.renderer.machine.scratch import scratch
from iebench.renderer.output.lock import locked
from iebench.renderer.rendering.render import render_dataset
from iebench.renderer.sources.builtin import Builtin

pytestmark = pytest.mark.slow

CLI = [sys.executable, "-m", "iebench.manifests.shell.cli", "render", "--quality", "fast", "--resolution", "32"]


@pytest.fixture
def disk(tmp_path):
    """Create and recreate a small file system, if the machine allows it."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(options):
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=False, capture_output=True
        )
        if done.returncode:
            pytest.skip(f"cannot mount here: {done.stderr.decode().strip()}")
        return folder

    try:
        yield mount
    finally:
        subprocess.run(["umount", folder], check=False, capture_output=True)


def test_a_disk_that_fills_in_mid_shard_is_one_sentence_and_more_space_is_enough(
    disk, tiny_plan, tiny_dataset, monkeypatch
):
    """Other programs fill the disk after iebench has seen how much is free."""
    folder = disk("size=120k")
    monkeypatch.setattr(space, "free_bytes", lambda folder: 10**12)
    with pytest.raises(DiskError, match=r"no space left to write .*\.tar: free some and run the same command again"):
        render_dataset(tiny_plan(), folder / "d", workers=1, backend=FAKE)
    assert [path.name for path in (folder / "d").iterdir() if path.is_file()] == [".plan.json"]
    assert not list((folder / "d").rglob("*.partial*"))
    disk("remount,size=64m")
    render_dataset(tiny_plan(), folder / "d", workers=1, backend=FAKE)
    assert content(folder / "d") == content(tiny_dataset)


def test_a_plan_without_room_is_refused_before_anything_is_rendered(tiny_plan, tmp_path, monkeypatch):
    monkeypatch.setattr(space, "free_bytes", lambda folder: space.SPARE + 100_000)
    words = r"d: this plan of 180 more images needs about \d+\.\d kB, and 100\.0 kB are free, not counting 67\.1 MB"
    with pytest.raises(DiskError, match=words):
        render_dataset(tiny_plan(), tmp_path / "d", workers=1, backend=FAKE)
    assert not list((tmp_path / "d").rglob("*.tar"))


def test_a_run_stops_before_its_disk_is_full_and_the_same_command_continues(
    tiny_plan, tiny_dataset, tmp_path, monkeypatch
):
    free = iter([10**12, 10**12, space.SPARE])  # the plan, the first shard, the second
    monkeypatch.setattr(space, "free_bytes", lambda folder: next(free))
    with pytest.raises(DiskError, match=r"shard .*/0000\d needs about .*: free some, and run the same command again"):
        render_dataset(tiny_plan(), tmp_path / "d", workers=1, backend=FAKE)
    assert len(list((tmp_path / "d").rglob("*.tar"))) == len(list((tmp_path / "d").rglob("*/*.parquet"))) == 1
    assert not (tmp_path / "d" / "dataset.json").exists() and not list((tmp_path / "d").rglob("*.partial*"))
    monkeypatch.undo()
    render_dataset(tiny_plan(), tmp_path / "d", workers=1, backend=FAKE)
    assert (tmp_path / "d" / "dataset.json").exists()


def test_an_output_that_cannot_be_written_is_one_sentence(disk, tiny_plan):
    folder = disk("ro")
    with pytest.raises(DiskError, match=f"cannot write {folder}/d/.*Read-only file system; choose another folder"):
        render_dataset(tiny_plan(), folder / "d", workers=1, backend=FAKE)


def test_no_space_for_temporary_files_is_no_objects_fault(disk, blender):
    folder, [mug] = disk("size=64k"), Builtin(None).objects(choose("mug"), 1)
    (folder / "full").write_bytes(b"x" * 2**16)
    with pytest.raises(DiskError, match=f"Blender could not write {folder}/view.tga: make space for temporary files"):
        blender.schedule(blender_probe.picture_into, args=[str(folder), mug]).result()


def test_a_second_run_in_the_same_folder_is_refused(tiny_plan, tmp_path):
    with locked(tmp_path / "d"), pytest.raises(OutputError, match=f"is being written by process {os.getpid()} on "):
        render_dataset(tiny_plan(), tmp_path / "d", workers=1, backend=FAKE)
    render_dataset(tiny_plan(), tmp_path / "d", workers=1, backend=FAKE)


@pytest.mark.blender
def test_ctrl_c_ends_everything_leaves_no_partial_file_and_names_the_next_step(tmp_path):
    """SIGINT goes to the whole process group, as from a terminal, while Blender renders."""
    command = [*CLI, "--objects-per-class", "5", "--views", "10", "--out", tmp_path / "d", "--workers", "2"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        until = time.monotonic() + 120
        while not (tmp_path / "d" / ".plan.json").exists() and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(1)  # into the first views
        family = descendants(process.pid)
        os.killpg(process.pid, signal.SIGINT)
        message = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert "interrupted; the same command continues where it stopped" in message
    assert "Traceback" not in message
    assert len(family) >= 2
    assert end(family)
    assert not list((tmp_path / "d").rglob("*.partial*"))
    assert not (tmp_path / "d" / "dataset.json").exists()


def test_a_second_ctrl_c_does_not_wait():
    script = """
import time
from iebench.renderer.machine.interrupts import second_interrupt_ends
with second_interrupt_ends():
    try:
        print("ready", flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        print("again", flush=True)
        time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        for word in ("ready", "again"):
            assert process.stdout.readline() == word + "\n"
            process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130


def test_partial_files_of_a_crash_are_removed(tiny_plan, tiny_dataset, tmp_path):
    folder = tmp_path / "d"
    shutil.copytree(tiny_dataset, folder)
    for name in ("train/00000.tar.partial", "train/.partial-00000.parquet"):
        (folder / name).write_bytes(b"half")
    (folder / "train" / "00000.parquet").write_bytes((folder / "train" / "00000.parquet").read_bytes()[:-100])
    render_dataset(tiny_plan(), folder, workers=1, backend=FAKE)
    assert content(folder) == content(tiny_dataset)


def test_temporary_files_of_a_killed_run_go_with_the_next_one(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    script = f"""
import tempfile, time
tempfile.tempdir = {str(tmp_path)!r}
from iebench.renderer.machine.scratch import scratch
from iebench.renderer.sources.builtin import Builtin
with scratch() as folder:
    (folder / "view.tga").write_bytes(b"x")
    print("ready", flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        [stray] = private_folder().iterdir()
        with scratch() as ours:
            assert stray.exists(), "a living run's files were taken"
        process.kill()
        process.wait()
    with scratch() as ours:
        assert list(private_folder().iterdir()) == [ours]
    assert not list(private_folder().iterdir())
