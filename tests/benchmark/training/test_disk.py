"""A run stops before its disk is full, with its last checkpoint intact, and continues to the same weights."""

from pathlib import Path

import pytest
from small_runs import assert_same_end, config

from iebench.benchmark.training.checkpoint import CHECKPOINT, KEPT
from iebench.benchmark.training.disk import check_disk, check_disk_of_runs, checkpoint_bytes, disk_bytes
from iebench.benchmark.training.runs import WEIGHTS, build_method
from iebench.benchmark.training.train import train
from iebench.manifests.common import space
from iebench.manifests.errors import DiskError


@pytest.mark.parametrize(("optimizer", "moments"), [("adam", 2), ("sgd", 1)])
def test_the_bytes_of_a_run_are_weights_and_checkpoints(tiny_dataset: Path, optimizer: str, moments: int) -> None:
    made = config(tiny_dataset, f"optimizer={optimizer}", "keep_every=3", method="vicreg")
    parameters = list(build_method(made).parameters())
    numbers = sum(parameter.numel() for parameter in parameters)
    assert disk_bytes(parameters, made.settings, 10) == 4 * numbers * (1 + 4 * (1 + moments))  # steps 3, 6, 9, last


def test_the_files_of_a_run_have_the_expected_bytes(tiny_dataset: Path, tmp_path: Path) -> None:
    made = config(tiny_dataset, "keep_every=4", method="vicreg")
    train(tmp_path / "run", made)
    files = [tmp_path / "run" / CHECKPOINT, tmp_path / "run" / WEIGHTS, *(tmp_path / "run" / KEPT).iterdir()]
    expected = disk_bytes(build_method(made).parameters(), made.settings, 10)
    assert len(files) == 4 and sum(path.stat().st_size for path in files) == pytest.approx(expected, rel=0.2)


def test_a_run_without_room_is_refused_and_one_that_continues_needs_less(
    tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, run = config(tiny_dataset), tmp_path / "run"
    parameters = list(build_method(made).parameters())
    single, whole = checkpoint_bytes(parameters, made.settings), disk_bytes(parameters, made.settings, 10)
    monkeypatch.setattr(space, "free_bytes", lambda folder: space.SPARE + whole + single - 1)
    with pytest.raises(
        DiskError, match=r"run: a run with its checkpoints needs about .* are free, not counting 67.1 MB"
    ):
        train(run, made)
    assert not run.exists()
    run.mkdir()
    (run / CHECKPOINT).write_bytes(b"x")
    check_disk(run, parameters, made.settings, 10)


def test_a_run_stops_before_its_disk_is_full_and_resumes_to_the_same_weights(
    tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, run = config(tiny_dataset), tmp_path / "run"
    free = iter([10**12, 10**12, space.SPARE])  # the whole run, the checkpoint of step 4, that of step 8
    monkeypatch.setattr(space, "free_bytes", lambda folder: next(free))
    with pytest.raises(DiskError, match=r"a checkpoint after step 8 needs about .* free some, and run .* --resume"):
        train(run, made)
    assert (run / CHECKPOINT).is_file() and not (run / WEIGHTS).exists() and not list(run.rglob("*.partial"))
    monkeypatch.undo()
    train(run, made, resume=True)
    train(tmp_path / "whole", made)
    assert_same_end(run, tmp_path / "whole")


def test_runs_of_a_sweep_need_room_for_all_of_them_but_those_that_are_there(
    tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = config(tiny_dataset)
    run_bytes = disk_bytes(build_method(made).parameters(), made.settings, 10)
    runs = [(tmp_path / str(seed), made) for seed in range(3)]
    monkeypatch.setattr(space, "free_bytes", lambda folder: space.SPARE + 3 * run_bytes - 1)
    with pytest.raises(DiskError, match="training 3 runs needs about"):
        check_disk_of_runs(tmp_path, runs)
    runs[0][0].mkdir()
    (runs[0][0] / WEIGHTS).write_bytes(b"x")
    check_disk_of_runs(tmp_path, runs)
