"""Every score in the repository is accepted on the leaderboard of its dataset."""

from pathlib import Path

import pytest
from paths import ROOT

from iebench.benchmark.commands.validate import faults
from iebench.benchmark.ranking.board import check
from iebench.benchmark.results.reading import load_scores

SCORES = ROOT / "benchmark" / "scores"
FILES = sorted(SCORES.glob("*/*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_it_has_no_fault(path: Path) -> None:
    assert faults(path) == []


@pytest.mark.parametrize("folder", sorted({path.parent for path in FILES}), ids=lambda folder: folder.name)
def test_a_datasets_scores_share_a_table(folder: Path) -> None:
    check(load_scores(sorted(folder.glob("*.json"))))


def test_nothing_else_lies_there() -> None:
    assert [path for path in SCORES.rglob("*") if path.is_file() and path != SCORES / "README.md"] == FILES


def test_the_guide_sends_to_a_folder_that_exists() -> None:
    page = (ROOT / "docs" / "guides" / "submit.md").read_text(encoding="utf-8")
    assert "benchmark/scores/" in page and (SCORES / "README.md").is_file()
