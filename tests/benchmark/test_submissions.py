"""Every score in the repository is accepted on the leaderboard of its dataset, and the board's README shows it."""

import importlib.util
import re
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner
from paths import ROOT
from scoring import measured, score_of

from iebench.benchmark.commands.leaderboard import leaderboard
from iebench.benchmark.commands.validate import faults
from iebench.benchmark.errors import NotComparable, ScoreFileError
from iebench.benchmark.ranking.board import check
from iebench.benchmark.results.reading import load_scores
from iebench.benchmark.results.score import Shift

SCORES = ROOT / "benchmark" / "scores"
FILES = sorted(SCORES.glob("*/*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_it_has_no_fault(path: Path) -> None:
    assert faults(path) == []


@pytest.mark.parametrize("folder", sorted({path.parent for path in FILES}), ids=lambda folder: folder.name)
@pytest.mark.slow
def test_a_datasets_scores_share_a_table(folder: Path) -> None:
    check(load_scores(sorted(folder.glob("*.json"))))


def test_nothing_else_lies_there() -> None:
    assert {path for path in SCORES.rglob("*") if path.is_file()} == {*FILES, SCORES / "README.md"}


def test_the_guide_sends_to_a_folder_that_exists() -> None:
    page = (ROOT / "docs" / "guides" / "submit.md").read_text(encoding="utf-8")
    assert "benchmark/scores/" in page and (SCORES / "README.md").is_file()


@pytest.mark.slow
def test_the_readme_has_the_table_that_the_command_prints_for_each_dataset(monkeypatch: pytest.MonkeyPatch) -> None:
    shown_for_every_dataset(ROOT, monkeypatch)


def shown_for_every_dataset(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    board = Path("benchmark/scores")
    page = (board / "README.md").read_text(encoding="utf-8").partition("<!-- table -->")[2]
    folders = sorted(path for path in board.iterdir() if path.is_dir())
    assert re.findall("^## (.*)$", page, re.MULTILINE) == [folder.name for folder in folders]
    for folder in folders:
        files = map(str, sorted(folder.glob("*.json")))
        shown = CliRunner().invoke(leaderboard, [*files, "--parts", "--costs", "--format", "md"])
        assert shown.exit_code == 0 and f"## {folder.name}\n\n{shown.output.strip()}\n" in page


@pytest.fixture
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("board_tool", ROOT / ".ci" / "board.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty clone, with two valid scores in its runs, as the current folder."""
    (tmp_path / "benchmark" / "scores").mkdir(parents=True)
    page = (SCORES / "README.md").read_text(encoding="utf-8")
    head, foot = page.partition("<!-- table -->")[0], page.partition("<!-- /table -->")[2]
    (tmp_path / "benchmark/scores/README.md").write_text(
        f"{head}<!-- table -->\n\n<!-- /table -->{foot}", encoding="utf-8"
    )
    for name, value in (("sie-s0", 0.5), ("byol-s0", 0.4)):
        (tmp_path / "runs" / name).mkdir(parents=True)
        score_of(name, {"whole": {"rotation_degrees_median": measured(100 * value, 5.0, 90.0)}}).save(
            tmp_path / "runs" / name / "score.json"
        )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_adding_scores_fills_folder_and_readme_and_a_stale_table_is_seen(
    clone: Path, tool: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (Path("runs") / name / "score.json" for name in ("sie-s0", "byol-s0"))
    assert tool.add([first]) == [Path("benchmark/scores/tiny/sie-s0.json")]
    tool.add([second])
    page = (clone / "benchmark/scores/README.md").read_text(encoding="utf-8")
    assert "| byol-s0‡ |" in page and "| sie-s0‡ |" in page
    shown_for_every_dataset(clone, monkeypatch)
    (clone / "benchmark/scores/tiny/byol-s0.json").unlink()
    with pytest.raises(AssertionError):
        shown_for_every_dataset(clone, monkeypatch)


def test_nothing_is_added_if_a_file_cannot_be(clone: Path, tool: ModuleType) -> None:
    bad, twin = clone / "bad.json", clone / "twin.json"
    bad.write_text("{}", encoding="utf-8")
    good = Path("runs/sie-s0/score.json")
    twin.write_bytes(good.read_bytes())
    other = score_of("other", {"whole": {"rotation_degrees_median": measured(50.0)}}, fingerprint="e" * 64)
    other.save(clone / "other.json")
    moved = load_scores([good])[good]
    replace(moved, shift=Shift(moved.dataset, True, moved.values, moved.resamples.draws)).save(clone / "ask.json")
    for files, kind, message in (
        ([good, bad], ScoreFileError, "is not a score"),
        ([good, twin], ScoreFileError, "are both called sie-s0"),
        ([clone / "ask.json"], ScoreFileError, "is a score under a shift"),
        ([good, clone / "other.json"], NotComparable, "dataset fingerprint"),
    ):
        with pytest.raises(kind, match=message):
            tool.add(files)
    assert [path.name for path in (clone / "benchmark/scores").iterdir()] == ["README.md"]
