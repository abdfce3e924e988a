"""The demo: its commands and their order, the steps that it skips, and its behaviour on a failure."""

import os
from collections.abc import Sequence
from pathlib import Path

import click
import pytest

from iebench.benchmark.commands import demo as module
from iebench.benchmark.commands.demo import METHODS, Step, as_process, run, steps
from iebench.manifests.shell.cli import iebench

pytestmark = pytest.mark.slow


class Fake:
    """Stand-in for the processes: records the verbs, creates each step's file, or fails."""

    def __init__(self, todo: Sequence[Step], codes: dict[str, int] | None = None) -> None:
        self.makes = {tuple(step.arguments): step.makes for step in todo}
        self.codes = codes or {}
        self.verbs: list[str] = []
        self.clock = 1e9

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


ALL = ["render", *["train"] * 3, *["score"] * 3, "leaderboard", "report"]


def test_the_whole_path_once_and_nothing_the_second_time(tmp_path: Path) -> None:
    todo = steps(tmp_path)
    first, second = Fake(todo), Fake(todo)
    assert run(todo, first) == 0 and first.verbs == ALL
    assert run(todo, second) == 0 and second.verbs == []


def test_what_was_not_finished_is_done_and_what_rests_on_it(tmp_path: Path) -> None:
    todo = steps(tmp_path)
    first = Fake(todo)
    run(todo, first)
    (tmp_path / "runs" / METHODS[1] / "score.json").unlink()
    again = Fake(todo)
    again.clock = first.clock + 10
    assert run(todo, again) == 0 and again.verbs == ["score", "leaderboard", "report"]


def test_a_new_dataset_makes_everything_new(tmp_path: Path) -> None:
    todo = steps(tmp_path)
    first = Fake(todo)
    run(todo, first)
    os.utime(todo[0].makes, (first.clock + 5, first.clock + 5))
    again = Fake(todo)
    again.clock = first.clock + 10
    run(todo, again)
    assert again.verbs == ALL[1:]


def test_a_failure_stops_it_with_that_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    todo = steps(tmp_path)
    fake = Fake(todo, {"train": 2})
    assert run(todo, fake) == 2 and fake.verbs == ["render", "train"]
    assert "failed with exit code 2" in capsys.readouterr().out


def test_finished_with_failures_goes_on_and_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    todo = steps(tmp_path)
    assert run(todo, Fake(todo, {"render": 3})) == 3
    assert "finished with failures" in capsys.readouterr().out


def test_every_command_is_one_that_iebench_takes(tmp_path: Path) -> None:
    """Every command line is accepted by the real command's parser; nothing is run."""
    for step in steps(tmp_path):
        verb = iebench.get_command(click.Context(iebench), step.arguments[0])
        assert verb is not None
        verb.make_context(step.arguments[0], list(step.arguments[1:]))


def test_the_command_echoes_each_line_and_says_where_everything_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done: list[Sequence[str]] = []
    monkeypatch.setattr(module, "as_process", lambda arguments: done.append(arguments) or 0)
    assert module.demo.main(["--out", str(tmp_path)], standalone_mode=False) == 0
    out = capsys.readouterr().out
    assert out.count("$ iebench ") == len(done) == len(ALL) + 1 and done[-1][0] == "leaderboard"
    assert f"$ iebench train --data {tmp_path}/builtin --out {tmp_path}/runs --resume --method sie --name sie" in out
    assert str(tmp_path / "report.html") in out and "in all" in out


def test_a_process_passes_its_exit_code_on(capfd: pytest.CaptureFixture[str]) -> None:
    assert as_process(["--version"]) == 0
    assert "iebench" in capfd.readouterr().out
    assert as_process(["leaderboard", "nothing.json"]) == 1
    assert "no such file: nothing.json" in capfd.readouterr().err
