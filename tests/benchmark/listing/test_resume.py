"""`iebench runs --resume`: all unfinished runs continue; scores of a run are known wherever they lie."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from small_runs import assert_same_end, config

from iebench.benchmark.errors import Stopped
from iebench.benchmark.listing.command import runs
from iebench.benchmark.results.of_run import remember, scores_of
from iebench.benchmark.results.score import Score
from iebench.benchmark.training import train as training
from iebench.benchmark.training.runs import WEIGHTS, held
from iebench.benchmark.training.train import train

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]


def call(root: Path, *arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(runs, ["--root", str(root), *arguments], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.return_value, result.stdout, result.stderr


@pytest.fixture
def root(tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A finished run, the same one stopped after step 4, and a run that another process trains."""
    settings = config(tiny_dataset, "steps=6")
    train(tmp_path / "whole", settings)

    class Interrupted(training.Pace):
        def check(self, step, loss, ranks):  # type: ignore[no-untyped-def]
            if step == 5:
                raise Stopped("stopped")

    monkeypatch.setattr(training, "Pace", Interrupted)
    with pytest.raises(Stopped):
        train(tmp_path / "half", settings)
    monkeypatch.undo()
    shutil.copytree(tmp_path / "half", tmp_path / "busy")
    return tmp_path


def test_unfinished_runs_continue_exactly_and_others_are_left_alone(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    with held(root / "busy"):
        code, out, _ = call(root, "--resume", "--dry-run")
        assert code == 0 and out.count("$ iebench train --config") == 1 and f"{root / 'busy'}: skipped" in out
        assert not (root / "half" / WEIGHTS).exists()
        code, out, errors = call(root, "method=sie", "--resume", "--json", "--device", "cpu")
    assert (code, errors) == (0, "")
    assert json.loads(out) == {"finished": ["half"], "skipped": [str(root / "busy")], "failed": {}}
    assert_same_end(root / "whole", root / "half")
    assert not (root / "busy" / WEIGHTS).exists()


def test_a_run_that_cannot_continue_is_reported(root: Path) -> None:
    (root / "half" / "checkpoint.pt").write_bytes(b"nothing")
    code, _, errors = call(root, "run=half", "--resume", "--device", "cpu")
    assert code == 3 and "half failed: " in errors and "checkpoint.pt" in errors


def test_a_run_knows_its_scores_wherever_they_lie(twenty: dict[Path, Score], root: Path) -> None:
    run, (first, second, *_) = root / "whole", list(twenty)
    shutil.copy(first, run / "score.json")
    elsewhere = root / "elsewhere.json"
    shutil.copy(second, elsewhere)
    for path in (run / "score.json", elsewhere, elsewhere):
        remember(run, path)
    assert list(scores_of(run)) == [run / "score.json", elsewhere.resolve()]
    rows = {row["run"]: row for row in json.loads(call(root, "--json")[1])}
    assert (rows["whole"]["scores"], rows["half"]["scores"]) == (2, 0)
    [score, other] = rows["whole"]["score_files"]
    assert score["file"] == str(run / "score.json") and score["top1"] == rows["whole"]["top1"] and "protocol" in other
    assert "scores" in call(root)[1].splitlines()[0] and "half" not in call(root, "scores>0")[1]
    elsewhere.unlink()
    assert list(scores_of(run)) == [run / "score.json"]
