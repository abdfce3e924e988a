"""A leaderboard as an HTML table for notebooks."""

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from scoring import measured, score_of

from iebench.benchmark.ranking.board import Board
from iebench.benchmark.ranking.html import as_html
from iebench.benchmark.results.score import Score
from iebench.benchmark.statistics.metric_info import WHOLE


class Cells(HTMLParser):
    """Reader of a table: the text of each cell, row by row; the open elements."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.open: list[str] = []
        self.names: set[str] = set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        if tag == "br":
            return
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "tr" in self.open:
            self.rows[-1][-1] += data


@pytest.mark.slow
def test_every_row_has_a_cell_for_each_column(twenty: dict[Path, Score]) -> None:
    board = Board.of(dict(list(twenty.items())[:4]), True, "")
    read = Cells(as_html(board))
    assert not read.open and {len(row) for row in read.rows} == {len(read.rows[0])}
    assert len(read.rows) == 1 + len(board.rows) + 1 + bool(board.ceilings)
    assert read.rows[0][-len(board.columns) :] == [board.infos[metric].title for metric in board.columns]
    cell = board.rows[0].cells[board.columns[0]]
    assert (
        cell.info.show(cell.estimate.value) in read.rows[1][3] and cell.info.show(cell.estimate.low) in read.rows[1][3]
    )


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", 'a"b', "&amp;", "x<y"])
def test_names_are_text(name: str) -> None:
    score = score_of("mine", {WHOLE: {"top1": measured(0.5)}})
    read = Cells(as_html(Board.of({Path("a"): replace(score, name=name)}, False, "")))
    assert any(name in cell for cell in read.rows[1])
    assert read.names <= {"div", "table", "thead", "tbody", "tr", "th", "td", "span", "p", "b", "br"}
