"""`iebench runs`: rows, filters, comparison and JSON of runs in a folder."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from small_runs import config

from iebench.benchmark.listing.command import runs
from iebench.benchmark.training.checkpoint import CHECKPOINT
from iebench.benchmark.training.log import METRICS
from iebench.benchmark.training.runs import WEIGHTS
from iebench.benchmark.training.train import train
from iebench.manifests.errors import IebenchError

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def root(tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run, the same with another seed and rate that stopped, and one that diverged."""
    root = tmp_path_factory.mktemp("listed")
    train(root / "first", config(tiny_dataset, "steps=2"))
    train(root / "other", config(tiny_dataset, "steps=2", "learning_rate=2e-3", seed=1))
    (root / "other" / WEIGHTS).unlink()
    (root / "other" / CHECKPOINT).unlink()
    shutil.copytree(root / "first", root / "gone")
    with (root / "gone" / METRICS).open("a") as file:
        file.write('{"step": 3, "loss": NaN}\n')
    return root


@pytest.fixture
def call(root: Path) -> Call:
    def called(*arguments: str, folder: Path = root) -> tuple[int, str, str]:
        result = CliRunner().invoke(runs, ["--root", str(folder), *arguments], standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return result.return_value, result.stdout, result.stderr

    return called


def test_runs_are_rows_with_status_and_last_loss(call: Call) -> None:
    code, table, errors = call()
    head, _, *rows = table.splitlines()
    assert (code, errors) == (0, "") and head.split()[-7:] == [
        "run",
        "method",
        "data",
        "seed",
        "status",
        "step",
        "loss",
    ]
    assert [row.split()[:2] for row in rows] == [["first", "sie"], ["gone", "sie"], ["other", "sie"]]
    assert [row.split()[4:6] for row in rows] == [["done", "2"], ["done", "3"], ["unfinished", "2"]]


def test_filters_leave_runs_out_and_add_columns(call: Call) -> None:
    assert "other" not in call("status=done")[1]
    table = call("lr>1e-3", "method.covariance=1")[1].splitlines()
    assert len(table) == 3 and table[2].split()[0] == "other" and "learning_rate" in table[0]
    assert call("seed=7")[1] == "none of 3 runs meets seed=7\n"
    with pytest.raises(IebenchError, match=r"unknown value of runs 'statuss'; did you mean status"):
        call("statuss=done")


def test_a_comparison_shows_what_differs_alone(call: Call, root: Path) -> None:
    lines = call("--compare", str(root / "first"), str(root / "other"))[1].splitlines()[2:]
    names = [line.split()[0] for line in lines]
    assert {"seed", "status", "learning_rate", "loss"} <= set(names) and not {"batch", "method"} & set(names)
    assert names.index("seed") < names.index("learning_rate") < names.index("loss")
    with pytest.raises(IebenchError, match="nowhere"):
        call("--compare", str(root / "first"), str(root / "nowhere"))


def test_json_has_every_value_and_no_nan(call: Call) -> None:
    rows = json.loads(call("--json")[1], parse_constant=pytest.fail)
    assert [row["run"] for row in rows] == ["first", "gone", "other"] and rows[1]["loss"] is None
    assert (rows[0]["encoder.width"], rows[0]["resolution"], rows[2]["seed"]) == (0.125, 16, 1)


def test_a_damaged_run_is_reported_and_left_out(call: Call, root: Path, tmp_path: Path) -> None:
    shutil.copytree(root, tmp_path / "runs")
    (tmp_path / "runs" / "other" / "config.json").write_text("{")
    code, table, errors = call(folder=tmp_path / "runs")
    assert code == 3 and "first" in table and "other" not in table and "other/config.json" in errors


def test_an_empty_folder_says_what_to_do(call: Call, tmp_path: Path) -> None:
    with pytest.raises(
        IebenchError, match=r"no run under .*: run `iebench train --method sie` first, or name the folder"
    ):
        call(folder=tmp_path)
