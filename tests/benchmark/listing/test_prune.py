"""`iebench runs --prune`: what is deleted, what never is, and the list before it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from small_runs import config

from iebench.benchmark.listing.command import PARTS, runs
from iebench.benchmark.listing.prune import FILES
from iebench.benchmark.training.checkpoint import CHECKPOINT, KEPT
from iebench.benchmark.training.runs import WEIGHTS, held, load
from iebench.benchmark.training.train import train

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def trained(tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run with kept checkpoints. Read only."""
    run = tmp_path_factory.mktemp("pruned") / "run"
    train(run, config(tiny_dataset, "steps=2", "checkpoint_every=1", "keep_every=1"))
    return run


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    """The run in a folder of runs, with features."""
    run = Path(shutil.copytree(trained, tmp_path / "run"))
    (run / "features").mkdir()
    (run / "features" / "train.npy").write_bytes(bytes(1000))
    return run


def call(run: Path, *arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(runs, ["--root", str(run.parent), *arguments], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.return_value, result.stdout, result.stderr


ALL = ("--prune", "checkpoint,kept,features")


def test_the_command_names_every_part() -> None:
    assert tuple(FILES) == PARTS


def test_without_yes_it_lists_and_deletes_nothing(run: Path) -> None:
    before = sorted(run.rglob("*"))
    for arguments in (ALL, (*ALL, "--yes", "--dry-run")):
        code, out, _ = call(run, *arguments)
        assert code == 0 and all(f"{run / name}: would be deleted" in out for name in (CHECKPOINT, KEPT, "features"))
        assert sorted(run.rglob("*")) == before


def test_a_finished_run_keeps_its_weights_and_can_still_be_used(run: Path) -> None:
    weights = (run / WEIGHTS).read_bytes()
    answer = json.loads(call(run, *ALL, "--yes", "--json")[1])
    assert answer["deleted"] and len(answer["runs"][0]["paths"]) == 3 and answer["bytes"] > 1000
    assert not any((run / name).exists() for name in (CHECKPOINT, KEPT, "features"))
    assert (run / WEIGHTS).read_bytes() == weights and load(run)[1].method == "sie"
    assert "done" in call(run)[1]


@pytest.mark.parametrize("damage", ["missing", "cut", "not finite"])
def test_the_only_good_checkpoint_stays(run: Path, damage: str) -> None:
    content = (run / WEIGHTS).read_bytes()
    (run / WEIGHTS).unlink()
    if damage == "cut":
        (run / WEIGHTS).write_bytes(content[:-10])
    elif damage == "not finite":
        (run / WEIGHTS).write_bytes(content[:-400] + b"\xff" * 400)  # float32 of these bits is not a number
    code, out, _ = call(run, *ALL, "--yes")
    assert code == 0 and (run / CHECKPOINT).is_file() and (run / "features").is_dir() and "checkpoint.pt stays" in out
    assert not (run / KEPT).exists()  # the last checkpoint is sound
    (run / CHECKPOINT).write_bytes((run / CHECKPOINT).read_bytes()[:-100])


def test_kept_checkpoints_stay_where_the_last_one_is_damaged(run: Path) -> None:
    (run / WEIGHTS).unlink()
    (run / CHECKPOINT).write_bytes((run / CHECKPOINT).read_bytes()[:-100])
    out = call(run, *ALL, "--yes")[1]
    assert len(list((run / KEPT).iterdir())) == 2 and (run / CHECKPOINT).is_file() and "checkpoints stays" in out


def test_a_run_that_is_trained_now_is_left_alone(run: Path) -> None:
    with held(run):
        code, _, errors = call(run, *ALL, "--yes")
    assert code == 3 and (run / CHECKPOINT).is_file() and str(run) in errors


def test_filters_choose_the_runs_and_unknown_parts_are_refused(run: Path) -> None:
    from iebench.manifests.errors import UnknownName

    assert call(run, "seed=5", *ALL, "--yes")[1].startswith("0.0 kB deleted") and (run / CHECKPOINT).is_file()
    with pytest.raises(UnknownName, match="did you mean checkpoint"):
        call(run, "--prune", "checkpoints")
