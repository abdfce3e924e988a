"""Tables hold the same numbers in every format, and every format is well formed."""

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import click
import pytest
from scoring import measured, score_of

from iebench.benchmark.metrics import METRICS
from iebench.benchmark.ranking.board import Board
from iebench.benchmark.ranking.tables import FORMATS, screen

SIE = {
    "whole": {"top1": measured(0.61), "mrr": measured(0.3), "rotation_r2_mean": measured(-0.0001)},
    "invariant": {"top1": measured(0.55)},
}
RIVAL = {"whole": {"top1": measured(0.59), "top5": measured(1 / 3), "rotation_r2_mean": measured(-0.3)}}


@pytest.fixture
def board() -> Board:
    scores = {Path("a"): score_of("sie_50%|x", SIE), Path("b"): score_of("[rival]", RIVAL)}
    return Board.of(scores, parts=True)


@pytest.mark.parametrize("form", ["table", "md", "latex"])
def test_values_intervals_and_floor_are_shown(board: Board, form: str) -> None:
    text = click.unstyle(FORMATS[form](board))
    for shown in ("61.0", "[56.0, 66.0]", "59.0", "0.300", "[0.250, 0.350]", "0.000", "10.0"):
        assert shown in text
    assert "-0.000" not in text and "33.3" not in text  # top-5 has no column


def test_metrics_that_do_not_fit_on_the_screen_have_a_table_of_their_own() -> None:
    known = {name: measured(0.5) for name, info in METRICS.items() if info.column}
    board = Board.of({Path("a"): score_of("a_rather_long_name_of_a_method", {"whole": known})}, parts=False)
    text = click.unstyle(FORMATS["table"](board))
    tables = text.split("\n\n")[:-1]
    assert len(tables) > 1 and "…" not in text
    assert all("a_rather_long_name_of_a_method" in table and "floor" in table for table in tables)
    assert sum(table.count("[") for table in tables) == len(board.columns)


@pytest.mark.parametrize("width", [50, 80, 120])
def test_on_a_terminal_no_line_of_a_table_is_wider_than_it(width: int) -> None:
    known = {name: measured(0.5) for name, info in METRICS.items() if info.column}
    board = Board.of({Path("a"): score_of("sie", {"whole": known})}, parts=False)
    *tables, _ = click.unstyle(screen(board, width)).split("\n\n")
    assert max(len(line) for table in tables for line in table.splitlines()) <= width
    assert sum(table.count("[") for table in tables) == len(board.columns)


def test_a_terminal_narrower_than_a_column_shows_one_metric_at_a_time() -> None:
    board = Board.of({Path("a"): score_of("sie", {"whole": {"top1": measured(0.5), "mrr": measured(0.5)}})}, False)
    *tables, _ = click.unstyle(screen(board, 5)).split("\n\n")
    assert [("top-1" in table, "MRR" in table) for table in tables] == [(True, False), (False, True)]


def test_the_screen_marks_best_and_tied_and_fits_no_trailing_blanks(board: Board) -> None:
    text = FORMATS["table"](board)
    assert "\x1b[1m61.0*" in text  # bold
    plain = click.unstyle(text)
    assert re.search(r"59\.0≈", plain) and "[rival]" in plain and "sie_50%|x" in plain
    assert not re.search(r" +$", plain, re.MULTILINE)


def test_markdown_has_the_same_number_of_cells_in_every_line(board: Board) -> None:
    lines = [line for line in FORMATS["md"](board).splitlines() if line.startswith("|")]
    cells = {len(re.split(r"(?<!\\)\|", line)) for line in lines}
    assert len(lines) == 2 + 3 + 1 and len(cells) == 1
    assert "**61.0**" in lines[2] and "59.0≈" in "".join(lines) and "–" in lines[3]


def test_latex_has_the_same_number_of_cells_and_no_raw_specials(board: Board) -> None:
    text = FORMATS["latex"](board)
    body = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert {line.replace(r"\&", "").count("&") for line in body} == {2 + len(board.columns)}
    assert r"sie\_50\%\textbar{}x" in text and r"\textbf{61.0}" in text and r"59.0$^\approx$" in text
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == 1
    assert "²" not in text and "°" not in text


def test_csv_has_every_metric_in_full_precision(board: Board) -> None:
    rows = list(csv.DictReader(io.StringIO(FORMATS["csv"](board))))
    assert [(row["run"], row["part"]) for row in rows] == [
        ("sie_50%|x", "whole"), ("sie_50%|x", "invariant"), ("[rival]", "whole"),
    ]  # fmt: skip
    assert float(rows[2]["top5"]) == 1 / 3 and float(rows[2]["top5_low"]) == 1 / 3 - 0.05
    assert (rows[0]["top1_rank"], rows[0]["top1_rank_low"], rows[0]["top1_rank_high"], rows[0]["seeds"]) == (*"1121",)
    assert rows[0]["top5"] == "" and rows[0]["top1_n"] == "96" and float(rows[0]["top1_floor"]) == 0.1


def test_without_parts_there_is_no_column_for_them() -> None:
    board = Board.of({Path("b"): score_of("rival", RIVAL)}, parts=True)
    for form in ("table", "md", "latex"):
        assert not re.search(r"\bpart\b", FORMATS[form](board))


def test_every_metric_is_shown_with_its_digits() -> None:
    for info in METRICS.values():
        shown = info.show(0.123456)
        assert len(shown.split(".")[1]) == info.digits
        assert float(shown) == pytest.approx(0.123456 * info.factor, abs=0.5 * 10**-info.digits)


def test_json_has_the_same_numbers_and_the_files(board: Board) -> None:
    table = json.loads(FORMATS["json"](board))
    assert [(row["run"], row["part"], row["files"]) for row in table["rows"]] == [
        ("sie_50%|x", "whole", ["a"]), ("sie_50%|x", "invariant", ["a"]), ("[rival]", "whole", ["b"]),
    ]  # fmt: skip
    top1 = table["rows"][2]["values"]["top1"]
    assert (top1["value"], top1["mark"], top1["rank_low"], top1["rank_high"]) == (0.59, "tied", 1, 2)
    assert table["rows"][2]["values"]["top5"]["rank"] is None and table["dataset"]["fingerprint"] == "f" * 64


def test_what_to_know_before_trusting_a_row_is_told_wherever_people_read() -> None:
    scores = {
        Path("a"): replace(score_of("sie", SIE), notes=("9 of 16 columns are constant",)),
        Path("b"): score_of("r", RIVAL),
    }
    board, note = Board.of(scores, parts=True), "sie: 9 of 16 columns are constant"
    assert board.notes == (note,)
    assert click.unstyle(FORMATS["table"](board)).endswith(f"\nnote: {note}")
    assert FORMATS["md"](board).endswith(f"\n\n- {note}") and f"% note: {note}\n" in FORMATS["latex"](board)
    assert json.loads(FORMATS["json"](board))["notes"] == [note]


def test_a_note_of_several_runs_is_said_once() -> None:
    notes = {"a": ("constant", "wide"), "b": ("constant",), "c": ("constant", "wide")}
    board = Board.of({Path(name): replace(score_of(name, RIVAL), notes=notes[name]) for name in notes}, parts=False)
    assert board.notes == ("every run: constant", "a, c: wide")


def test_with_chosen_columns_notes_on_other_metrics_are_left_out() -> None:
    notes = ("top1 is of few objects", "top5 is of few objects", "few objects")
    scores = {Path("a"): replace(score_of("a", RIVAL), notes=notes)}
    assert Board.of(scores, parts=False, columns=("top1",)).notes == ("a: top1 is of few objects", "a: few objects")
    assert len(Board.of(scores, parts=False).notes) == 3


def test_seeds_and_ranks_are_shown() -> None:
    runs = {
        Path(str(i)): replace(
            score_of(f"sie-s{i}", {"whole": {"top1": measured(0.5 + i / 50)}}), run={"method": "sie", "seed": i}
        )
        for i in range(2)
    }
    board = Board.of({**runs, Path("b"): score_of("rival", RIVAL)}, parts=False)
    for form in ("table", "md", "latex"):
        text = click.unstyle(FORMATS[form](board))
        assert "sie (2 seeds)" in text and re.search(r"51\.0 (±|\$\\pm\$) 1\.4", text) and "rank" in text
    assert re.search(r"^ ?1 +rival", click.unstyle(FORMATS["table"](board)), re.MULTILINE)


def test_ceilings_have_a_line_where_they_are_known() -> None:
    top = {"whole": {"top1": replace(measured(0.5), ceiling=0.98), "mrr": measured(0.2)}}
    board = Board.of({Path("a"): score_of("a", top)}, parts=False)
    for form in ("table", "md", "latex"):
        line = next(line for line in click.unstyle(FORMATS[form](board)).splitlines() if "ceiling " in line[:12])
        assert "98.0" in line and "–" in line
        assert "ceiling" not in click.unstyle(FORMATS[form](Board.of({Path("b"): score_of("b", RIVAL)}, False)))
    assert next(csv.DictReader(io.StringIO(FORMATS["csv"](board))))["top1_ceiling"] == "0.98"
