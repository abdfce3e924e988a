"""Figures of a report as files: every method and part has a mark, every question an answer; the README."""

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
from boards import made_up
from matplotlib.colors import to_hex
from scoring import measured, score_of

from iebench.benchmark.demo import plan as demo
from iebench.benchmark.errors import NotComparable, UsageError
from iebench.benchmark.ranking.board import Board
from iebench.benchmark.report import SCRIPTS, _text, figures
from iebench.benchmark.report.pictures import Pictures
from iebench.benchmark.report.retrievals import COLUMNS, RIGHT, WRONG, retrievals
from iebench.benchmark.report.tradeoff import tradeoff
from iebench.benchmark.results.score import Score
from iebench.benchmark.sweep.table import END, START
from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.pages.figures import PALETTE

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def scores(tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Score]:
    return made_up(tiny_dataset, tmp_path_factory.mktemp("runs"), 4)


@pytest.fixture(scope="module")
def board(scores: dict[Path, Score]) -> Board:
    return Board.of(scores, parts=True)


def values(top1: float, degrees: float) -> dict[str, object]:
    return {"top1": measured(top1), "rotation_degrees_mean": measured(degrees, 1.0, 60.0)}


@pytest.mark.slow
def test_every_method_and_part_is_a_mark_with_its_name_and_no_name_covers_another(board: Board) -> None:
    picture = tradeoff(board)
    [chart] = picture.axes
    names = {text.get_text(): text for text in chart.texts}
    assert {row.name if row.part == "whole" else f"{row.name}: {row.part}" for row in board.rows} <= set(names)
    marks = {(line.get_xdata()[0], line.get_ydata()[0]) for line in chart.lines if line.get_marker() == "o"}
    assert marks == {
        (row.cells["top1"].estimate.value, row.cells["rotation_degrees_mean"].estimate.value) for row in board.rows
    }
    picture.draw_without_rendering()
    boxes = [names[row.name].get_window_extent() for row in board.rows if row.part == "whole"]
    assert not any(box.overlaps(other) for box in boxes for other in boxes if other is not box)


@pytest.mark.slow
def test_better_is_to_the_right_and_to_the_top(board: Board) -> None:
    [chart] = tradeoff(board).axes
    assert not chart.xaxis.get_inverted() and chart.yaxis.get_inverted()


def test_the_best_that_was_trained_on_labels_is_an_upper_bound() -> None:
    free, labels = score_of("free", {"whole": values(0.5, 50.0)}), score_of("labels", {"whole": values(0.3, 20.0)})  # type: ignore[dict-item]
    labels = replace(labels, run={"method": "supervised-rotation", "seed": 0})
    [chart] = tradeoff(Board.of({Path("a"): free, Path("b"): labels}, parts=True)).axes
    assert [line.get_ydata()[0] for line in chart.lines if line.get_linestyle() == ":"] == [20.0]
    [chart] = tradeoff(Board.of({Path("a"): free}, parts=True)).axes
    assert not [line for line in chart.lines if line.get_linestyle() == ":"]


def test_the_answer_of_a_question_has_the_colour_of_its_truth(board: Board, tiny_dataset: Path) -> None:
    pictures = Pictures.of(tiny_dataset, DatasetInfo.load(tiny_dataset), board.about.protocol, None)
    picture = retrievals(board, pictures)
    asking = max((row for row in board.rows if "mrr" in row.cells), key=lambda row: row.cells["mrr"].estimate.value)
    [score] = asking.group.scores.values()
    frames = [to_hex(chart.spines["left"].get_edgecolor()) for chart in picture.axes[2 :: len(COLUMNS)]]
    assert frames == [RIGHT if example.found == example.target else WRONG for example in score.examples]
    assert len(set(frames)) == 2


@pytest.mark.slow
def test_files_are_whole_svg_that_follow_the_page_and_the_same_each_time(
    scores: dict[Path, Score], tiny_dataset: Path, tmp_path: Path
) -> None:
    files = figures.write(tmp_path / "first", scores, tiny_dataset)
    for file, again in zip(files, figures.write(tmp_path / "second", scores, tiny_dataset), strict=True):
        text = file.read_text()
        assert ET.fromstring(text).tag.endswith("svg") and "prefers-color-scheme:dark" in text
        assert "currentColor" in text and file.read_bytes() == again.read_bytes()


@pytest.mark.slow
def test_missing_things_are_named(scores: dict[Path, Score], tiny_dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="name it with --data"):
        figures.write(tmp_path, scores, None)
    with pytest.raises(UsageError, match="no score has both class and rotation"):
        tradeoff(Board.of({Path("a"): score_of("a", {"whole": {"top1": measured(0.5)}})}, parts=True))
    path, score = next(iter(scores.items()))
    with pytest.raises(NotComparable, match="give that one with --data"):
        figures.write(
            tmp_path, {path: replace(score, dataset=replace(score.dataset, fingerprint="0" * 64))}, tiny_dataset
        )
    lost = replace(score, examples=(replace(score.examples[0], object_id="lost"),))
    with pytest.raises(NotComparable, match=r"has an example of the object .*lost"):
        figures.write(tmp_path, {path: lost}, tiny_dataset)
    silent = {path: replace(score, examples=()) for path, score in scores.items()}
    with pytest.raises(UsageError, match="no score has queries to a predictor"):
        figures.write(tmp_path, silent, tiny_dataset)


def test_colours_are_those_of_the_page() -> None:
    [line] = re.findall(r"const PALETTE = (\[.*\]);", _text(SCRIPTS[0]))
    assert tuple(json.loads(line)) == PALETTE


@pytest.mark.slow
def test_the_readme_gets_table_and_figures_and_keeps_its_other_text(
    scores: dict[Path, Score], tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT / ".ci")
    readme = pytest.importorskip("readme")
    out = tmp_path / "demo"
    out.mkdir()
    plan = demo.Plan.of(out)
    plan.data.symlink_to(tiny_dataset)
    monkeypatch.setattr(readme, "load_scores", lambda files: scores if files == plan.scores else {})
    (tmp_path / "README.md").write_text(f"before\n{START}former table{END}\nafter\n")
    written = readme.write(out, tmp_path)
    page = (tmp_path / "README.md").read_text()
    assert page.startswith("before\n") and page.endswith("after\n") and "former table" not in page
    assert "method-0" in page and "leads in class" in page and "| rotation error ° | MRR |" in page
    assert len(written) == 3 and all(path.is_file() for path in written)
