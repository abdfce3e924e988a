"""Refusals are short: they name the problem and the first differences, for names and tables of any length."""

import dataclasses
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scoring import measured, score_of

from iebench.benchmark import protocol
from iebench.benchmark.errors import NotComparable, RunExists
from iebench.benchmark.ranking.board import Board
from iebench.benchmark.results.score import Score
from iebench.benchmark.training import checks
from iebench.benchmark.training.config import RunConfig
from iebench.benchmark.training.runs import WEIGHTS
from iebench.manifests.brief import LONGEST
from iebench.manifests.errors import IebenchError, UnknownName
from iebench.manifests.recipe import load
from iebench.manifests.shell.cli import main
from iebench.manifests.views import read_given
from iebench.renderer.blender.interface import FAKE
from iebench.renderer.errors import OutputError
from iebench.renderer.rendering.render import render_dataset

MOST = 600  # characters, without paths


def refusal(kind: type[IebenchError], call) -> str:  # type: ignore[no-untyped-def]
    with pytest.raises(kind) as caught:
        call()
    return str(caught.value)


def of(name: str) -> Score:
    rules = protocol.load(name)
    return dataclasses.replace(score_of(name, {"whole": {"top1": measured(0.5)}}), protocol=rules, protocol_id=rules.id)


def test_protocols_that_differ_are_named_with_the_first_three_differences() -> None:
    scores = {Path(f"{name}.json"): of(name) for name in ("strict", "released")}
    words = refusal(NotComparable, lambda: Board.of(scores, parts=False))
    ids = [score.protocol_id for score in scores.values()]
    assert f"(protocol strict ({ids[0]}) against released ({ids[1]}); " in words
    assert words.count(" against ") == 4 and " more): score them alike" in words and len(words) < MOST


def test_a_run_with_other_settings_names_the_first_three(tiny_dataset: Path, tmp_path: Path) -> None:
    first = RunConfig.of("sie", "quick", [], tiny_dataset, 0, "cpu", None)
    changed = [f"{name}=0.{digits}" for digits, name in enumerate(("learning_rate", "weight_decay"), 123456789)]
    other = RunConfig.of("vicreg", "sie-paper", changed, tiny_dataset, 1, "cpu", None)
    first.save(tmp_path)
    (tmp_path / WEIGHTS).touch()
    words = refusal(RunExists, lambda: checks.claim(tmp_path, other, resume=True))
    assert " more): choose another --name" in words and len(words) < MOST + len(str(tmp_path))


def test_a_name_among_thousands_is_not_answered_with_all_of_them() -> None:
    words = str(UnknownName("model", "zzz" * 200, [f"resnet{i}_of_somebody" for i in range(3000)]))
    assert words.endswith(" more") and "2,9" in words and len(words) < MOST


def test_a_table_of_many_columns_shows_the_first(tmp_path: Path) -> None:
    pq.write_table(pa.table({f"column number {i}": [0.0] for i in range(500)}), tmp_path / "given.parquet")
    words = refusal(IebenchError, lambda: read_given(tmp_path / "given.parquet", load()))
    assert "has no column" in words and len(words) < MOST + 2 * len(str(tmp_path))


def test_another_dataset_in_a_folder_names_the_first_three(tiny_dataset: Path, tiny_plan) -> None:  # type: ignore[no-untyped-def]
    plan = dataclasses.replace(tiny_plan(seed=1, views=3), recipe=load("3diebench-t"))
    words = refusal(OutputError, lambda: render_dataset(plan, tiny_dataset, workers=1, backend=FAKE))
    assert " more. Choose another output" in words and len(words) < MOST + len(str(tiny_dataset))


@pytest.mark.parametrize("arguments", [
    ["leaderboard", "x/" * 3000 + "score.json"], ["render", "--recipe", "y" * 9000], ["train", "--method", "z" * 9000],
    ["validate", "v" * 200 + "/score.json"], ["score", "--encoder", "e" * 9000],
    ["score", "--encoder", "p:" + "e" * 9000], ["w" * 9000], ["train", "--" + "u" * 9000],
    ["train", "--seed", "n" * 9000],
])  # fmt: skip
def test_no_message_of_the_command_line_is_longer_than_a_screen(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code in (1, 2)
    assert 0 < len(capsys.readouterr().err) < LONGEST + 200


def test_faults_of_a_score_with_endless_names_are_short(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    score = dataclasses.replace(
        score_of("mine", {"whole": {"m" * 9000: measured(0.5)}}), pairs={f"p{i}" * 900: "q" * 9000 for i in range(9)}
    )
    score.save(tmp_path / "score.json")
    with pytest.raises(SystemExit):
        main(["validate", str(tmp_path / "score.json")])
    lines = capsys.readouterr().err.splitlines()
    assert lines and max(map(len, lines)) <= LONGEST
