"""The demo: its commands and their order, the steps that it skips, and its behaviour on a failure."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import click
import pytest

from iebench.benchmark.commands import demo as command
from iebench.benchmark.demo import run as module
from iebench.benchmark.demo.plan import METHODS, PRESET, Plan
from iebench.benchmark.demo.progress import Progress, lengths
from iebench.benchmark.demo.run import Chains, as_process, run, side_by_side
from iebench.benchmark.errors import Stopped
from iebench.benchmark.sweep.job import Job, Outcome
from iebench.manifests.shell.cli import iebench

pytestmark = pytest.mark.slow


class Fake:
    """Stand-in for the processes: records the verbs, creates each step's file, or fails."""

    def __init__(self, plan: Plan, codes: dict[str, int] | None = None, clock: float = 1e9) -> None:
        self.makes = {tuple(step.arguments): step.makes for step in plan.steps}
        self.codes = codes or {}
        self.verbs: list[str] = []
        self.clock = clock

    def __call__(self, arguments: Sequence[str]) -> int:
        self.verbs.append(arguments[0])
        code = self.codes.get(arguments[0], 0)
        if code in (0, 3):
            path = self.makes[tuple(arguments)]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            self.clock += 1
            os.utime(path, (self.clock, self.clock))
        return code

    def beside(self, chains: Chains) -> int:
        """Run the chains one after another."""
        codes = (self(step.arguments) for steps in chains.values() for step in steps)
        return next((code for code in codes if code), 0)


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return Plan.of(tmp_path)


ALL = ["render", *["train", "score"] * len(METHODS), "leaderboard", "report"]


def finished(plan: Plan) -> Fake:
    fake = Fake(plan)
    assert run(plan, fake, fake.beside) == 0
    return fake


def repeated(plan: Plan, before: Fake) -> list[str]:
    fake = Fake(plan, clock=before.clock + 10)
    assert run(plan, fake, fake.beside) == 0
    return fake.verbs


def test_the_whole_path_once_and_nothing_the_second_time(plan: Plan) -> None:
    first = finished(plan)
    assert first.verbs == ALL and repeated(plan, first) == []


def test_an_unfinished_step_is_done_and_those_that_need_it(plan: Plan) -> None:
    first = finished(plan)
    (plan.runs / METHODS[1] / "score.json").unlink()
    assert repeated(plan, first) == ["score", "leaderboard", "report"]


def test_a_run_that_is_trained_anew_is_scored_anew(plan: Plan) -> None:
    first = finished(plan)
    (plan.runs / METHODS[1] / "model.safetensors").unlink()
    assert repeated(plan, first) == ["train", "score", "leaderboard", "report"]


def test_a_new_dataset_makes_everything_new(plan: Plan) -> None:
    first = finished(plan)
    os.utime(plan.render.makes, (first.clock + 5, first.clock + 5))
    assert repeated(plan, first) == ALL[1:]


@pytest.mark.parametrize(("verb", "verbs"), [("render", 1), ("train", 2), ("leaderboard", len(ALL) - 1)])
def test_a_failure_stops_it_with_that_exit_code(
    plan: Plan, verb: str, verbs: int, capsys: pytest.CaptureFixture[str]
) -> None:
    fake = Fake(plan, {verb: 2})
    assert run(plan, fake, fake.beside) == 2 and len(fake.verbs) == verbs
    assert "failed with exit code 2" in capsys.readouterr().out


def test_a_dataset_with_failures_is_used(plan: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    fake = Fake(plan, {"render": 3})
    assert run(plan, fake, fake.beside) == 3 and fake.verbs == ALL
    assert "finished with failures" in capsys.readouterr().out


def test_every_command_is_one_that_iebench_takes(plan: Plan) -> None:
    """Every command line is accepted by the real command's parser; nothing is run."""
    for arguments in (*(step.arguments for step in plan.steps), plan.table):
        verb = iebench.get_command(click.Context(iebench), arguments[0])
        assert verb is not None
        verb.make_context(arguments[0], list(arguments[1:]))


def test_the_command_prints_each_line_and_where_everything_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done: list[Sequence[str]] = []
    monkeypatch.setattr(module, "as_process", lambda arguments, visible=True: done.append(arguments) or 0)
    monkeypatch.setattr(module, "side_by_side", lambda plan, chains: 0)
    assert command.demo.main(["--out", str(tmp_path)], standalone_mode=False) == 0
    out = capsys.readouterr().out
    assert [arguments[0] for arguments in done] == ["render", "leaderboard", "report", "leaderboard"]
    assert out.count("$ iebench ") == len(ALL) + 1
    assert f"$ iebench train --method sie --preset {PRESET} --data {Plan.of(tmp_path).data} --name sie" in out
    assert str(tmp_path / "report.html") in out and "in all" in out


def test_json_is_alone_on_standard_output_and_steps_are_on_standard_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown: list[bool] = []
    monkeypatch.setattr(module, "as_process", lambda arguments, visible: shown.append(visible) or 0)
    monkeypatch.setattr(module, "side_by_side", lambda plan, chains: 0)
    assert command.demo.main(["--out", str(tmp_path), "--json"], standalone_mode=False) == 0
    out, err = capsys.readouterr()
    table = json.loads(out)
    assert (table["code"], len(table["scores"]), table["data"]) == (0, len(METHODS), str(Plan.of(tmp_path).data))
    assert shown == [False] * 3 and err.count("$ iebench ") == len(ALL)


def test_a_dry_run_lists_what_is_left_and_makes_nothing(
    plan: Plan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finished(plan)
    (plan.runs / METHODS[1] / "score.json").unlink()
    capsys.readouterr()
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert command.demo.main(["--out", str(tmp_path), "--dry-run", "--json"], standalone_mode=False) == 0
    table = json.loads(capsys.readouterr().out)
    assert [line.split()[1] for line in table["commands"]] == ["score", "leaderboard", "report"]
    assert table["writes"] == [str(tmp_path)] and "3 of 13 commands" in table["work"]
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_methods_train_beside_each_other_and_failures_name_their_log(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    used: dict[str, object] = {}

    def engine(jobs: Sequence[Job], **settings: object):
        used.update(settings)
        for job in jobs:
            yield Outcome(job.name, 7 if job.name == "sie" else 0, "no luck", 1.0)

    monkeypatch.setattr(module, "local_outcomes", engine)
    monkeypatch.setattr(module, "lengths", lambda methods, *_: {plan.runs / method: 8 for method in methods})
    monkeypatch.setattr(module, "cores", lambda: 2)
    assert side_by_side(plan, {name: plan.methods[name] for name in METHODS[:3]}) == 7
    out, err = capsys.readouterr()
    assert used["at_once"] == 2 and "trained and scored" in out
    assert f"sie: no luck; its output is in {plan.runs / 'sie.log'}" in err


def test_a_request_to_stop_ends_the_demo(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    def engine(jobs: Sequence[Job], **settings: object):
        os.kill(os.getpid(), 2)
        yield from (Outcome(job.name, 130, "stopped", 1.0) for job in jobs)

    monkeypatch.setattr(module, "local_outcomes", engine)
    monkeypatch.setattr(module, "lengths", lambda methods, *_: {plan.runs / method: 8 for method in methods})
    with pytest.raises(Stopped, match="`iebench demo` continues"):
        side_by_side(plan, plan.methods)


def test_progress_is_that_of_all_logs_and_scores(plan: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    runs = {plan.runs / method: plan.methods[method] for method in METHODS[:2]}
    first, second = runs
    for run_folder in runs:
        run_folder.mkdir(parents=True)
    (first / "metrics.jsonl").write_text('{"step": 10, "loss": 1.0}\n')
    with Progress(dict.fromkeys(runs, 300), runs) as progress:
        (second / "metrics.jsonl").write_text('{"step": 20, "loss": 1.0}\n')
        progress.look()
    assert "training and scoring: 30/750 steps" in capsys.readouterr().err
    plan.data.mkdir()
    for path in (plan.render.makes, second / "model.safetensors", second / "score.json"):
        path.touch()
    with Progress(dict.fromkeys(runs, 300), runs) as progress:
        progress.look()
    assert "training and scoring: 385/750 steps" in capsys.readouterr().err


def test_the_preset_has_every_method_and_the_untrained_one_has_no_steps(tiny_dataset: Path, tmp_path: Path) -> None:
    steps = lengths(METHODS, PRESET, tiny_dataset, tmp_path)
    assert list(steps) == [tmp_path / method for method in METHODS]
    assert {run.name for run, count in steps.items() if count == 0} <= {"random"} and max(steps.values()) > 0


def test_a_process_passes_its_exit_code_on(capfd: pytest.CaptureFixture[str]) -> None:
    assert as_process(["--version"]) == 0
    assert "iebench" in capfd.readouterr().out
    assert as_process(["--version"], visible=False) == 0
    out, err = capfd.readouterr()
    assert not out and "iebench" in err
    assert as_process(["leaderboard", "nothing.json"]) == 1
    assert "no such file: nothing.json" in capfd.readouterr().err
