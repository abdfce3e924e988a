"""Marks of encoders that were trained on other data, in every form of a leaderboard."""

from dataclasses import replace
from pathlib import Path

import pytest
from scoring import measured, score_of

from iebench.benchmark.ranking.board import Board
from iebench.benchmark.ranking.origins import OTHER, UNKNOWN, legend, mark, words
from iebench.benchmark.ranking.tables import FORMATS, records
from iebench.benchmark.results.score import UNTRAINED, DataFacts, Score, Shift

HERE, THERE = "f" * 64, "e" * 64


def score(name: str = "a", data: str = "", **run: object) -> Score:
    made = score_of(name, {"whole": {"top1": measured(0.5)}}, HERE)
    return replace(made, run=run, encoder=replace(made.encoder, training_data=data))


@pytest.mark.parametrize(
    ("of", "sign", "text"),
    [
        (score(fingerprint=HERE, seed=0), "", "the train split of this dataset"),
        (score(fingerprint=THERE, seed=0), OTHER, f"dataset {THERE[:12]}"),
        (score(seed=0), "", "the train split of this dataset"),
        (score(data="ImageNet-1k"), OTHER, "ImageNet-1k"),
        (score(data=UNTRAINED), "", UNTRAINED),
        (score(), UNKNOWN, "not declared"),
    ],
)
def test_only_encoders_of_other_data_are_marked(of: Score, sign: str, text: str) -> None:
    assert (mark(of), words(of)) == (sign, text)


def test_under_a_shift_the_dataset_of_the_probes_counts() -> None:
    other = DataFacts("other", THERE, 4, 2, 3)
    shifted = replace(score(fingerprint=THERE, seed=0), shift=Shift(other, False, {}, {}))
    assert mark(shifted) == ""


@pytest.mark.parametrize("form", ["table", "md", "latex"])
def test_the_mark_is_beside_the_name_and_explained(form: str) -> None:
    scores = {Path("a"): score("own", fingerprint=HERE, seed=0), Path("b"): score("other", data="ImageNet-1k")}
    board = Board.of(scores, parts=False)
    text = FORMATS[form](board)
    assert f"other{OTHER}" in text and f"own{OTHER}" not in text
    assert form == "latex" or legend(scores.values()) in text
    titles, rows = records(board)
    column = titles.index("training_data")
    assert {row[0]: row[column] for row in rows} == {"own": "the train split of this dataset", "other": "ImageNet-1k"}


def test_without_marks_nothing_is_explained() -> None:
    assert legend([score(fingerprint=HERE, seed=0)]) == ""
