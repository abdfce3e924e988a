"""A leaderboard as text: for the screen, Markdown, CSV and LaTeX."""

import csv
import io
import re
from collections.abc import Callable

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from .leaderboard import Board, Cell, Mark, Row
from .measures import MEASURES

WIDE = 400  # columns; a table is as wide as it must be, since cutting numbers off would help nobody
_END = re.compile(r"(?:\x1b\[[0-9;]*m|[ ])+$")  # blanks and escape codes at the end of a line
MARKS = {Mark.BEST: "*", Mark.TIED: "≈", Mark.NONE: ""}
FLOOR = "floor"


def interval(metric: str, cell: Cell) -> str:
    """ "[low, high]" as tables print it."""
    show = MEASURES[metric].show
    return f"[{show(cell.measured.low)}, {show(cell.measured.high)}]"


def screen(board: Board) -> str:
    """For a terminal, with bold type as escape codes; the interval stands under its value."""
    table = Table(box=box.SIMPLE_HEAD, show_lines=False, pad_edge=False)
    table.add_column("run", no_wrap=True)
    if board.has_parts:
        table.add_column("part", no_wrap=True)
    for metric in board.columns:
        table.add_column(MEASURES[metric].title.replace(" ", "\n", 1), justify="right", no_wrap=True)
    for row in board.rows:
        table.add_row(*_head(board, escape(row.name), row.part), *(_stacked(m, row) for m in board.columns))
    floors = [MEASURES[m].show(board.floors[m]) for m in board.columns]
    table.add_row(*_head(board, FLOOR, ""), *floors, style="dim")
    console = Console(width=WIDE, force_terminal=True, color_system="standard", highlight=False)
    with console.capture() as captured:
        console.print(table)
    lines = [
        _END.sub(lambda end: end[0].replace(" ", ""), line) for line in captured.get().splitlines() if line.strip()
    ]
    return "\n".join([*lines, "", board.caption, board.legend])


def markdown(board: Board) -> str:
    """A GitHub table."""

    def cell(metric: str, row: Row) -> str:
        if metric not in row.cells:
            return "–"
        found = row.cells[metric]
        value = MEASURES[metric].show(found.measured.value)
        strong = f"**{value}**" if found.mark is Mark.BEST else value + MARKS[found.mark]
        return f"{strong} {interval(metric, found)}"

    titles = _head(board, "run", "part") + [MEASURES[m].title for m in board.columns]
    rule = ["---"] * (len(titles) - len(board.columns)) + ["---:"] * len(board.columns)
    body = [_head(board, row.name, row.part) + [cell(m, row) for m in board.columns] for row in board.rows]
    body.append(_head(board, FLOOR, "") + [MEASURES[m].show(board.floors[m]) for m in board.columns])
    lines = ["| " + " | ".join(text.replace("|", "\\|") for text in line) + " |" for line in [titles, rule, *body]]
    legend = board.legend.replace("*: best", "**bold**: best")
    return "\n".join([*lines, "", f"{board.caption}. {legend}."])


def comma_separated(board: Board) -> str:
    """Every metric in full precision, each with low, high and floor; empty where it was not measured."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    kinds = ("", "_low", "_high", "_floor", "_n")
    writer.writerow(["run", "part", *(m + kind for m in board.metrics for kind in kinds)])
    for row in board.rows:
        numbers: list[object] = []
        for metric in board.metrics:
            cell = row.cells.get(metric)
            m = cell.measured if cell else None
            numbers += [m.value, m.low, m.high, m.floor, m.n] if m else [""] * len(kinds)
        writer.writerow([row.name, row.part, *numbers])
    return out.getvalue().rstrip("\n")


def latex(board: Board) -> str:
    """A tabular for the booktabs package."""

    def cell(metric: str, row: Row) -> str:
        if metric not in row.cells:
            return "--"
        found = row.cells[metric]
        value = MEASURES[metric].show(found.measured.value)
        strong = rf"\textbf{{{value}}}" if found.mark is Mark.BEST else value
        tied = r"$^\approx$" if found.mark is Mark.TIED else ""
        return rf"{strong}{tied} {{\scriptsize {interval(metric, found)}}}"

    titles = _head(board, "run", "part") + [MEASURES[m].title for m in board.columns]
    lines = [
        rf"% {board.caption}",
        r"\begin{tabular}{" + "l" * (len(titles) - len(board.columns)) + "r" * len(board.columns) + "}",
        r"\toprule",
        " & ".join(map(_tex, titles)) + r" \\",
        r"\midrule",
        *(
            " & ".join([*map(_tex, _head(board, row.name, row.part)), *(cell(m, row) for m in board.columns)]) + r" \\"
            for row in board.rows
        ),
        r"\midrule",
        " & ".join(_head(board, FLOOR, "") + [MEASURES[m].show(board.floors[m]) for m in board.columns]) + r" \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines)


FORMATS: dict[str, Callable[[Board], str]] = {
    "table": screen, "md": markdown, "csv": comma_separated, "latex": latex,
}  # fmt: skip


def _head(board: Board, name: str, part: str) -> list[str]:
    return [name, part] if board.has_parts else [name]


def _stacked(metric: str, row: Row) -> str:
    if metric not in row.cells:
        return "–"
    cell = row.cells[metric]
    value = MEASURES[metric].show(cell.measured.value) + (MARKS[cell.mark] or " ")
    strong = f"[bold]{value}[/bold]" if cell.mark is Mark.BEST else value
    return f"{strong}\n[dim]{escape(interval(metric, cell))}[/dim]"


def _tex(text: str) -> str:
    for plain, code in (("\\", r"\textbackslash "), ("_", r"\_"), ("%", r"\%"), ("&", r"\&"), ("#", r"\#"),
                        ("²", "$^2$"), ("°", r"$^\circ$")):  # fmt: skip
        text = text.replace(plain, code)
    return text
