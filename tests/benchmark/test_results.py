"""score.json is read back as it was written, or refused with the reason."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from scoring import measured, score_of

from iebench.benchmark.errors import ScoreFileError
from iebench.benchmark.resamples import pack
from iebench.benchmark.results import Score, load_all
from iebench.benchmark.schema import schema

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
    (lambda t: t.update(format=9), "format 9, this iebench reads 2"),
    (lambda t: t.pop("pairs"), "setting 'pairs' is missing"),
    (lambda t: t.update(extra=1), "unknown setting 'extra'"),
    (lambda t: t["values"]["whole"]["top1"].update(value="high"), "values.whole.top1: value"),
    (lambda t: t["values"]["whole"].update(speed=t["values"]["whole"]["top1"]), "speed is a metric that this"),
    (lambda t: t["values"].pop("whole"), "no values of the whole"),
    (lambda t: t["protocol"].update(val_pairs=99), "its protocol is not the one of its id"),
    (lambda t: t["values"]["whole"]["top1"].update(value=float("nan")), "whole top1 is not finite"),
    (lambda t: t["values"]["whole"]["top1"].update(low=0.9), "whole top1 has an interval from 0.9 down to 0.55"),
    (lambda t: t["values"]["whole"]["top1"].update(low=0.46), "has the interval .0.46, .* and its draws have"),
    (lambda t: t["values"]["whole"]["top1"].update(objects=7), "rests on 96 samples of 7 objects, and 6 were scored"),
    (lambda t: t["dataset"].update(fingerprint="short"), "dataset.fingerprint is no SHA-256: 'short'"),
    (lambda t: t["resamples"]["draws"]["whole"].update(top1="AAAA"), "whole top1 has draws that cannot be read"),
    (lambda t: t["resamples"]["draws"]["whole"].update(top1=pack(np.linspace(0, 1, 49))), "has 49 draws and"),
    (lambda t: t["values"]["whole"].pop("mrr"), "draws of whole mrr and no value"),
    (lambda t: t["resamples"]["each"].update(top1=pack(np.zeros(5))), "5 values per object of top1, which rests on"),
    (lambda t: t["resamples"]["each"].update(top1="?"), "values per object of top1 cannot be read"),
])  # fmt: skip
def test_what_was_changed_is_named(path: Path, change: Callable[[dict[str, Any]], object], message: str) -> None:
    edit(path, change)
    with pytest.raises(ScoreFileError, match=message) as caught:
        Score.load(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("content", ["", "{", "[1, 2]", "null", '{"format": 2, "run": 3}'])
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


def test_the_published_schema_is_the_one_of_the_dataclasses(path: Path) -> None:
    published = Path(__file__).parents[2] / "benchmark" / "score.schema.json"
    assert json.loads(published.read_text()) == schema(), "run: iebench validate --schema > benchmark/score.schema.json"


@pytest.mark.parametrize("change", [
    lambda t: None,
    lambda t: t.pop("format"),
    lambda t: t.pop("run"),
    lambda t: t.update(extra=1),
    lambda t: t["values"]["whole"]["top1"].update(value="high"),
    lambda t: t["values"]["whole"]["top1"].pop("n"),
    lambda t: t["dataset"].update(views=1.5),
    lambda t: t["encoder"].update(parts={"invariant": [0, 4, 8]}),
    lambda t: t["protocol"].update(hidden="1024"),
])  # fmt: skip
def test_the_schema_and_the_reader_agree(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    Draft202012Validator.check_schema(schema())
    table = json.loads(path.read_text())
    change(table)
    good = table == json.loads(path.read_text())
    assert Draft202012Validator(schema()).is_valid(table) is good
    path.write_text(json.dumps(table))
    if good:
        Score.load(path)
    else:
        with pytest.raises(ScoreFileError):
            Score.load(path)
