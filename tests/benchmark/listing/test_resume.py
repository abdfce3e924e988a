"""`iebench runs --resume`: all unfinished runs continue; scores of a run are known wherever they lie."""

import io
import json
import shutil
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from click.testing import CliRunner
from scoring import measured, score_of
from small_runs import assert_same_end, config

from iebench.benchmark.errors import Stopped
from iebench.benchmark.listing.command import runs
from iebench.benchmark.results.of_run import remember, scores_of
from iebench.benchmark.statistics.metric_info import WHOLE
from iebench.benchmark.sweep import engines
from iebench.benchmark.sweep.job import IEBENCH, Job, Outcome
from iebench.benchmark.training import train as training
from iebench.benchmark.training.runs import WEIGHTS, held
from iebench.benchmark.training.train import train
from iebench.manifests.shell.cli import main

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]


def call(root: Path, *arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(runs, ["--root", str(root), *arguments], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.return_value, result.stdout, result.stderr


@pytest.fixture(scope="module")
def trained(tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run, and the same one stopped after step 4. Read only."""
    root, settings = tmp_path_factory.mktemp("resumed"), config(tiny_dataset, "steps=6")
    train(root / "whole", settings)

    class Interrupted(training.Pace):
        def check(self, step, loss, ranks):  # type: ignore[no-untyped-def]
            if step == 5:
                raise Stopped("stopped")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "Pace", Interrupted)
        with pytest.raises(Stopped):
            train(root / "half", settings)
    return root


@pytest.fixture
def root(trained: Path, tmp_path: Path) -> Path:
    """Both runs, and a second unfinished one."""
    root = Path(shutil.copytree(trained, tmp_path / "runs"))
    shutil.copytree(root / "half", root / "busy")
    return root


def test_unfinished_runs_continue_exactly_and_others_are_left_alone(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def outcomes(jobs: list[Job], **_: object) -> Iterator[Outcome]:
        for job in jobs:
            [command] = job.commands
            with redirect_stdout(io.StringIO()), pytest.raises(SystemExit) as stop:  # into the job's log
                main([*command[len(IEBENCH) :]])
            yield Outcome(job.name, int(stop.value.code or 0), "", 0.0)

    monkeypatch.setattr(engines, "local_outcomes", outcomes)
    with held(root / "busy"):
        code, out, _ = call(root, "--resume", "--dry-run")
        assert code == 0 and out.count("$ iebench train --config") == 1 and f"{root / 'busy'}: skipped" in out
        assert not (root / "half" / WEIGHTS).exists()
        code, out, errors = call(root, "method=sie", "--resume", "--json", "--device", "cpu")
    assert code == 0 and "iebench:" not in errors
    assert json.loads(out) == {"finished": ["half"], "skipped": [str(root / "busy")], "failed": {}}
    assert_same_end(root / "whole", root / "half")
    assert not (root / "busy" / WEIGHTS).exists()


def test_a_run_that_cannot_continue_is_reported(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def outcomes(jobs: list[Job], **_: object) -> Iterator[Outcome]:
        yield from (Outcome(job.name, int(job.name == "half"), "its checkpoint is damaged", 0.0) for job in jobs)

    monkeypatch.setattr(engines, "local_outcomes", outcomes)
    code, out, errors = call(root, "--resume", "--device", "cpu")
    assert code == 3 and "1 of 2 unfinished runs finished" in out
    assert "iebench: half failed: its checkpoint is damaged; its output is in half.log" in errors


def test_a_run_knows_its_scores_wherever_they_lie(root: Path) -> None:
    run, elsewhere = root / "whole", root / "elsewhere.json"
    for path, value in ((run / "score.json", 0.5), (elsewhere, 0.25)):
        score_of("whole", {WHOLE: {"top1": measured(value)}}).save(path)
    for path in (run / "score.json", elsewhere, elsewhere):
        remember(run, path)
    assert list(scores_of(run)) == [run / "score.json", elsewhere.resolve()]
    rows = {row["run"]: row for row in json.loads(call(root, "--json")[1])}
    assert (rows["whole"]["scores"], rows["half"]["scores"]) == (2, 0)
    [score, other] = rows["whole"]["score_files"]
    assert (
        score["file"] == str(run / "score.json")
        and score["top1"] == rows["whole"]["top1"] == 0.5
        and other["top1"] == 0.25
    )
    assert "scores" in call(root)[1].splitlines()[0] and "half" not in call(root, "scores>0")[1]
    elsewhere.unlink()
    assert list(scores_of(run)) == [run / "score.json"]
