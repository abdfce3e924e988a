"""`iebench validate` reports every fault of every file, one sentence each."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scoring import measured, score_of, with_limit

from iebench.manifests.shell.cli import main

SCORE = score_of("sie", {"whole": {"top1": measured(0.5), "mrr": measured(0.25)}})


def call(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stop:
        main(["validate", *arguments])
    return int(stop.value.code or 0)


def test_good_files_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    for path in files:
        SCORE.save(path)
    assert call(*map(str, files)) == 0
    assert capsys.readouterr().out == f"{files[0]}: ok\n{files[1]}: ok\n"


def test_each_fault_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad, gone = tmp_path / "good.json", tmp_path / "bad.json", tmp_path / "gone.json"
    SCORE.save(good)
    replace(with_limit(SCORE, 24), protocol_id="0" * 12, pairs={"train": "a" * 64, "val": "b"}).save(bad)
    assert call(str(good), str(bad), str(gone)) == 1
    out, err = capsys.readouterr()
    assert out == f"{good}: ok\n"
    faults = err.splitlines()
    assert len(faults) == 4 and all(str(bad) in f or str(gone) in f for f in faults)
    for words in (
        "its protocol is not the one of its id",
        "pairs.val is not a SHA-256",
        "at most 24 objects",
        "no such file",
    ):
        assert sum(words in line for line in faults) == 1


@pytest.mark.parametrize(("change", "words"), [
    ({"draws": {}}, ["whole top1 has no bootstrap samples, and its protocol says 50", "whole mrr has no"]),
    ({"each": {}}, ["it has no values per object of top1", "it has no values per object of mrr"]),
    ({"digest": "0" * 64}, ["resamples.digest is not that of 50 bootstrap samples of 6 objects"]),
])  # fmt: skip
def test_what_pairs_it_with_others_has_to_be_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any], words: list[str]
) -> None:
    path = tmp_path / "bare.json"
    replace(SCORE, resamples=replace(SCORE.resamples, **change)).save(path)
    assert call(str(path)) == 1
    faults = capsys.readouterr().err.splitlines()
    assert len(faults) == len(words) and all(word in line for word, line in zip(words, faults, strict=True))


def test_what_has_draws_of_its_own_needs_none(tmp_path: Path) -> None:
    own = replace(measured(0.3), objects=SCORE.dataset.train_objects)
    values = {"whole": {**SCORE.values["whole"], "pre_train_released": own, "h2_train_released": own}}
    replace(SCORE, values=values).save(tmp_path / "released.json")
    assert call(str(tmp_path / "released.json")) == 0


@pytest.mark.parametrize("command", ["validate", "leaderboard", "report"])
def test_a_score_with_too_much_in_it(tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    path = tmp_path / "large.json"
    SCORE.save(path)
    with path.open("r+") as file:
        file.truncate(300_000_000)  # a sparse file takes no disk space
    with pytest.raises(SystemExit) as stop:
        main([command, str(path)])
    assert stop.value.code == 1
    assert "large.json has 300,000,000 bytes, and a score has at most 16,000,000" in capsys.readouterr().err


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["validate", "--schema"])
    assert not stop.value.code and json.loads(capsys.readouterr().out)["title"] == "score.json of iebench"


def test_without_files_it_is_wrong_usage() -> None:
    assert call() == 2
