"""Files and folders with names that iebench chose: nothing is written through a symbolic link in their place."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from plans import plan_of
from scoring import from_run, untrained_run
from torch import nn

from iebench.benchmark.data.images import Images
from iebench.benchmark.distributed.device import pick
from iebench.benchmark.distributed.ranks import ALONE
from iebench.benchmark.features.blocks import Blocks
from iebench.benchmark.features.cache import encode
from iebench.benchmark.sweep.job import Job
from iebench.benchmark.training import checkpoint
from iebench.benchmark.training.checkpoint import KEPT, Progress
from iebench.benchmark.training.event_file import EventFile
from iebench.benchmark.training.log import TENSORBOARD
from iebench.benchmark.training.runs import LOCK, held
from iebench.manifests.common.lock import is_held
from iebench.manifests.errors import DiskError
from iebench.renderer.blender.interface import FAKE
from iebench.renderer.importing.spool import FOLDER, Spool
from iebench.renderer.output import lock
from iebench.renderer.rendering.render import render_dataset

Writer = Callable[[Path], object]
TEXT = "a file of somebody's\n"


def _blocks(run: Path) -> None:
    Blocks(run / "train.blocks", 2, 3, 2).put(0, np.zeros((2, 3), np.float32))


def _checkpoint(run: Path) -> None:
    checkpoint.save(run, {"method": nn.Linear(1, 1)}, Progress(4), ALONE, keep=True)


def _spool(run: Path) -> None:
    with Spool(run, budget=1) as spool:
        spool.add(0, 0, "image", 0, b"xx")


def _dataset(out: Path) -> None:
    render_dataset(plan_of(classes="2", per_class=2, views=2), out, workers=1, backend=FAKE)


def _run_lock(run: Path) -> None:
    with held(run):
        pass


def _dataset_lock(out: Path) -> None:
    with lock.locked(out):
        pass


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("train.blocks", _blocks),
        (KEPT, _checkpoint),
        (TENSORBOARD, lambda run: EventFile(run / TENSORBOARD, 1)),
        (FOLDER, _spool),
        ("train", _dataset),
    ],
)
def test_a_folder(tmp_path: Path, name: str, write: Writer) -> None:
    foreign, run = tmp_path / "theirs", tmp_path / "mine"
    foreign.mkdir()
    (foreign / "notes.txt").write_text(TEXT)
    run.mkdir()
    (run / name).symlink_to(foreign)
    with pytest.raises(DiskError, match=rf"mine/{name}: it is a symbolic link, .*: remove the link"):
        write(run)
    assert [path.name for path in foreign.iterdir()] == ["notes.txt"]


def test_the_folder_of_features(tiny_dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "features").symlink_to(tmp_path / "theirs")
    cpu, images = pick("cpu"), Images.open(tiny_dataset, "val")
    encoder = from_run(untrained_run(tmp_path / "run", tiny_dataset), None, cpu)
    with pytest.raises(DiskError, match="features: it is a symbolic link"):
        encode(encoder, images, np.arange(4), tmp_path / "features", cpu)
    assert not [*(tmp_path / "theirs").iterdir()]


@pytest.mark.parametrize(("name", "write"), [(LOCK, _run_lock), (lock.LOCK, _dataset_lock)])
def test_a_lock(tmp_path: Path, name: str, write: Writer) -> None:
    (tmp_path / "theirs").write_text(TEXT)
    (tmp_path / name).symlink_to(tmp_path / "theirs")
    with pytest.raises(DiskError, match="it is a symbolic link"):
        write(tmp_path)
    assert (tmp_path / "theirs").read_text() == TEXT and (tmp_path / name).is_symlink()


@pytest.mark.parametrize("write", [_run_lock, _dataset_lock])
def test_a_pipe_is_not_waited_for(tmp_path: Path, write: Writer) -> None:
    for name in (LOCK, lock.LOCK):
        os.mkfifo(tmp_path / name)
        assert not is_held(tmp_path / name)
    with pytest.raises(DiskError, match="it is not a regular file: remove it"):
        write(tmp_path)


def test_the_log_of_a_sweeps_run_which_fails_without_the_others(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text(TEXT)
    (tmp_path / "run.log").symlink_to(tmp_path / "theirs")
    outcome = Job("run", ((sys.executable, "-c", "print(1)"),), tmp_path / "run.log")()
    assert outcome.code and "run.log: it is a symbolic link" in outcome.reason
    assert (tmp_path / "theirs").read_text() == TEXT


@pytest.mark.slow
def test_folders_that_the_user_names_may_be_links(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "mine").symlink_to(tmp_path / "disk")
    for write in (_blocks, _checkpoint, _run_lock, _dataset_lock):
        write(tmp_path / "mine")
    _dataset(tmp_path / "mine" / "tiny")
    assert (tmp_path / "disk" / "tiny" / "dataset.json").is_file()
