"""score.json is read back as it was written, or refused with the reason."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scoring import measured, score_of

from iebench.benchmark.errors import ScoreFileError
from iebench.benchmark.results import Score, load_all

VALUES = {"whole": {"top1": measured(0.5), "mrr": measured(0.25)}, "invariant": {"top1": measured(0.4)}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    score_of("sie", VALUES).save(tmp_path / "runs" / "sie" / "score.json")
    return tmp_path / "runs" / "sie" / "score.json"


def test_it_comes_back_as_it_was(path: Path) -> None:
    assert Score.load(path) == score_of("sie", VALUES)


def edit(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    table = json.loads(path.read_text())
    change(table)
    path.write_text(json.dumps(table))


@pytest.mark.parametrize(("change", "message"), [
    (lambda t: t.pop("format"), "is not a score"),
    (lambda t: t.pop("run"), "is not a score"),
    (lambda t: t.update(format=9), "format 9, this iebench reads 1"),
    (lambda t: t.pop("pairs"), "setting 'pairs' is missing"),
    (lambda t: t.update(extra=1), "unknown setting 'extra'"),
    (lambda t: t["values"]["whole"]["top1"].update(value="high"), "values.whole.top1: value"),
    (lambda t: t["values"]["whole"].update(speed=t["values"]["whole"]["top1"]), "unknown metric 'speed'"),
    (lambda t: t["values"].pop("whole"), "no values of the whole"),
    (lambda t: t["protocol"].update(val_pairs=99), "its protocol is not the one of its id"),
    (lambda t: t["values"]["whole"]["top1"].update(value=float("nan")), "whole top1 is not finite"),
])  # fmt: skip
def test_what_was_changed_is_named(path: Path, change: Callable[[dict[str, Any]], object], message: str) -> None:
    edit(path, change)
    with pytest.raises(ScoreFileError, match=message) as caught:
        Score.load(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("content", ["", "{", "[1, 2]", "null", '{"format": 1, "run": 3}'])
def test_what_is_no_score_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "score.json").write_text(content)
    with pytest.raises(ScoreFileError, match="is not a score"):
        Score.load(tmp_path / "score.json")


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(ScoreFileError, match=r"no such file: .*nothing\.json; `iebench score` makes one"):
        Score.load(tmp_path / "nothing.json")
    with pytest.raises(ScoreFileError, match="run `iebench score` first"):
        load_all([], tmp_path)


def test_without_names_all_runs_are_taken(path: Path) -> None:
    other = path.parent.parent / "vicreg" / "score.json"
    score_of("vicreg", VALUES).save(other)
    assert list(load_all([], path.parent.parent)) == [path, other]
    assert list(load_all([other], path.parent.parent)) == [other]
