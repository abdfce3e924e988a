"""Retrievals are read back as they were written, or refused with the reason; files without them keep their bytes."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scoring import measured, score_of

from iebench.benchmark.errors import ScoreFileError
from iebench.benchmark.results.reading import load_score
from iebench.benchmark.results.retrievals import Retrievals, targets_of
from iebench.benchmark.statistics.resamples import pack

VIEWS = (0, 3, 15)
RETRIEVED = np.array([[[3, 8], [0, 15], [1, 3]], [[9, 15], [2, 2], [0, 14]]])
RANKS = np.array([[[1, 4], [1, 1], [15, 1]], [[2, 1], [9, 8], [1, 2]]])


def packed(numbers: np.ndarray) -> str:
    return pack(numbers.ravel().astype(float))


STORED = Retrievals((("a", "b"), ("a", "c")), VIEWS, packed(RETRIEVED), packed(RANKS))


def test_they_come_back_as_they_were(tmp_path: Path) -> None:
    score = replace(score_of("sie", {"whole": {"mrr": measured(0.25)}}), retrievals=STORED)
    score.save(tmp_path / "score.json")
    assert load_score(tmp_path / "score.json") == score
    retrieved, ranks = STORED.lists()
    assert (retrieved == RETRIEVED).all() and (ranks == RANKS).all()
    assert targets_of(np.array(VIEWS)).tolist() == [[3, 15], [0, 15], [0, 3]]


def test_a_score_without_them_has_no_entry(tmp_path: Path) -> None:
    score = score_of("sie", {"whole": {"mrr": measured(0.25)}})
    score.save(tmp_path / "score.json")
    assert "retrievals" not in json.loads((tmp_path / "score.json").read_text())
    assert load_score(tmp_path / "score.json").retrievals is None


def test_a_thousand_views_are_packed_without_loss() -> None:
    numbers = np.arange(1_000).repeat(2)
    stored = Retrievals((("a", "b"),) * 1_000, (0, 999), packed(numbers), packed(numbers))
    assert (stored.lists()[0].ravel() == numbers).all()


@pytest.mark.parametrize(("change", "message"), [
    ({"views": (0,)}, r"has the views \[0\], and needs two or more of 0 to 15, ascending"),
    ({"views": (0, 3, 3)}, r"has the views \[0, 3, 3\]"),
    ({"views": (3, 0, 15)}, r"has the views \[3, 0, 15\]"),
    ({"views": (-1, 3, 15)}, r"has the views \[-1, 3, 15\]"),
    ({"views": (0, 3, 16)}, r"has the views \[0, 3, 16\]"),
    ({"ranks": "?"}, "has a list that cannot be read"),
    ({"ranks": packed(RANKS[:1])}, "has a list that cannot be read"),
    ({"objects": ()}, "has a list that cannot be read"),
    ({"ranks": packed(RANKS - 1)}, "has ranks from 0 to 14, and the target is one of 15 views"),
    ({"ranks": packed(np.where(RANKS == 15, 1e300, RANKS))}, "and the target is one of 15 views"),
    ({"ranks": packed(RANKS + (RANKS == 1))}, "a retrieved target of another rank"),
    ({"ranks": packed(np.ones(12))}, "has a target of rank 1 that is not the retrieved view"),
    ({"retrieved": packed(RETRIEVED + 1)}, "has a retrieved view that is not one of the other views of 0 to 15"),
    ({"retrieved": packed(np.where(RETRIEVED == 8, 0, RETRIEVED))}, "is not one of the other views"),
])  # fmt: skip
def test_what_cannot_be_is_named(tmp_path: Path, change: dict[str, object], message: str) -> None:
    stored = replace(STORED, **change)  # type: ignore[arg-type]
    replace(score_of("sie", {"whole": {"mrr": measured(0.25)}}), retrievals=stored).save(tmp_path / "score.json")
    with pytest.raises(ScoreFileError, match=f"retrievals .*{message}"):
        load_score(tmp_path / "score.json")
