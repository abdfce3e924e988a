"""A leaderboard as text: for the screen, Markdown, CSV, LaTeX and JSON."""

import csv
import dataclasses
import io
import json
import re
from collections.abc import Callable, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from iebench.manifests.shell.tables import WIDTH, drawn, fits
from iebench.manifests.text import escapes
from iebench.manifests.text.plain_text import cleaned

from ..results.score import Cost, Score
from ..statistics.metric_info import WHOLE
from . import costs, origins, shifts
from .board import Board, Cell, Mark, Row
from .conclusion import conclusion

_END = re.compile(r"(?:\x1b\[[0-9;]*m|[ ])+$")  # blanks and escape codes at the end of a line
MARKS = {Mark.BEST: "*", Mark.TIED: "≈", Mark.NONE: ""}
FLOOR, CEILING = "floor", "ceiling"
NOTHING = "–"


def number(cell: Cell) -> str:
    """Format a value as tables print it, with its spread over training seeds if there are several."""
    spread = "" if cell.spread is None else f" ± {cell.info.show(cell.spread)}"
    return cell.info.show(cell.estimate.value) + spread


def interval(cell: Cell) -> str:
    """Format an interval as "[low, high]"."""
    show = cell.info.show
    return f"[{show(cell.estimate.low)}, {show(cell.estimate.high)}]"


def rank_text(board: Board, row: Row) -> str:
    """Format the rank interval in the metric `sort`: "1", or "2-4"."""
    cell = row.cells.get(board.sort)
    if cell is None or cell.rank is None:
        return NOTHING
    return str(cell.rank.low) if cell.rank.low == cell.rank.high else f"{cell.rank.low}-{cell.rank.high}"


def name(row: Row) -> str:
    """Return the method's name with the mark of its training data, its number of seeds, and a shift's datasets."""
    seeds = "" if row.seeds == 1 else f" ({row.seeds} seeds)"
    score = _first(row)
    return f"{row.name}{origins.mark(score)}{seeds}{shifts.shown_name(score)}"


def change(row: Row, metric: str) -> str:
    """Format the change of a cell against the probes' own val split, "" if there is no shift."""
    entry = shifts.change(row.group, row.part, metric)
    if entry is None:
        return ""
    show = row.cells[metric].info.show
    ends = "" if entry.low is None or entry.high is None else f" [{show(entry.low)}, {show(entry.high)}]"
    sign = "+" if entry.value > 0 else ""
    return f"Δ {sign}{show(entry.value)}{ends}"


def screen(board: Board, width: int = WIDTH) -> str:
    """Format for a terminal, with escape codes for bold type; the interval is under its value.

    Metrics that do not fit beside the others follow in a table of their own. Below are the conclusion, the caption, the
    legend and the notes.

    width : columns of the terminal
    """
    texts = []
    for metrics in _beside(board, width):
        lines = [line for line in drawn(_table(board, metrics)) if line.strip()]
        texts.append("\n".join(_END.sub(lambda end: end[0].replace(" ", ""), line) for line in lines))
    below = map(cleaned, [*conclusion(board), board.caption, board.legend, *(f"note: {note}" for note in board.notes)])
    return "\n\n".join([*texts, "\n".join(below)])


def _table(board: Board, metrics: Sequence[str]) -> Table:
    """Return the table of some of the board's metrics."""
    table = Table(box=box.SIMPLE_HEAD, show_lines=False, pad_edge=False)
    for title in row_titles(board):
        table.add_column(title, no_wrap=True)
    for metric in metrics:
        title = board.infos[metric].title.replace(" ", "\n", 1)
        table.add_column(escapes.screen(title, lines=True), justify="right", no_wrap=True)
    shown = [board.columns.index(metric) for metric in metrics]
    heads = len(row_titles(board))
    for row in board.rows:
        table.add_row(*map(escapes.screen, row_head(board, row)), *(_stacked(metric, row) for metric in metrics))
    for line in ends(board):
        table.add_row(*line[:heads], *(line[heads + number] for number in shown), style="dim")
    return table


def _beside(board: Board, width: int) -> list[list[str]]:
    """Divide the board's metrics, in their order, into tables that fit into a width."""
    groups: list[list[str]] = [[]]
    for metric in board.columns:
        if groups[-1] and not fits(_table(board, [*groups[-1], metric]), width):
            groups.append([])
        groups[-1].append(metric)
    return groups


def markdown(board: Board) -> str:
    """Format as a GitHub table, with the conclusion, the caption and the notes below."""

    def cell(metric: str, row: Row) -> str:
        if metric not in row.cells:
            return NOTHING
        entry = row.cells[metric]
        value = number(entry)
        strong = f"**{value}**" if entry.mark is Mark.BEST else value + MARKS[entry.mark]
        return " ".join(filter(None, [strong, interval(entry), change(row, metric)]))

    titles = [*row_titles(board), *(escapes.markdown(board.infos[m].title) for m in board.columns)]
    rule = ["---"] * len(row_titles(board)) + ["---:"] * len(board.columns)
    body = [
        [*map(escapes.markdown, row_head(board, row)), *(cell(m, row) for m in board.columns)] for row in board.rows
    ]
    body += ends(board)
    legend = escapes.markdown(board.legend).replace("\\*: best", "**bold**: best", 1)
    notes = ["", *(f"- {escapes.markdown(note)}" for note in board.notes)] if board.notes else []
    lines = map(escapes.markdown_row, [titles, rule, *body])
    concluded = [*(f"- {escapes.markdown(sentence)}" for sentence in conclusion(board)), ""]
    return "\n".join([*lines, "", *concluded, f"{escapes.markdown(board.caption)}. {legend}.", *notes])


def records(board: Board) -> tuple[list[str], list[list[object]]]:
    """Return column names and rows: every metric in full precision with all its numbers; None if not measured."""
    entries = [(row, _numbers(row)) for row in board.rows]
    kinds = list(dict.fromkeys(kind for _, values in entries for entry in values.values() for kind in entry))
    titles = [metric if kind == "value" else f"{metric}_{kind}" for metric in board.metrics for kind in kinds]
    facts = [field.name for field in dataclasses.fields(Cost)]
    table: list[list[object]] = []
    for row, values in entries:
        cost = [*(getattr(costs.cost_of(row.group), name) for name in facts), costs.energy_of(row.group)]
        numbers = (values.get(metric, {}).get(kind) for metric in board.metrics for kind in kinds)
        table.append([row.name, row.part, row.seeds, origins.words(_first(row)), *cost, *numbers])
    return ["run", "part", "seeds", "training_data", *facts, "training_kwh", *titles], table


def comma_separated(board: Board) -> str:
    """Write `records` as CSV; empty where a metric was not measured."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    titles, table = records(board)
    for line in [list[object](titles), *table]:
        writer.writerow([escapes.csv_cell(cell) if isinstance(cell, str) else cell for cell in line])
    return out.getvalue().rstrip("\n")


def as_json(board: Board) -> str:
    """Format as JSON, with the files of every row and the dataset and protocol."""
    table = {
        "dataset": dataclasses.asdict(board.about.dataset),
        "protocol": {"name": board.about.protocol.name, "id": board.about.protocol_id},
        "limit": board.about.limit,
        "sort": board.sort,
        "notes": board.notes,
        "rows": [
            {
                "run": row.name,
                "part": row.part,
                "files": [cleaned(str(path)) for path in row.group.scores],
                "training_data": origins.words(_first(row)),
                "cost": dataclasses.asdict(_first(row).cost),
                "values": {
                    metric: {**entry, "mark": row.cells[metric].mark.value} for metric, entry in _numbers(row).items()
                },
            }
            for row in board.rows
        ],
    }
    return json.dumps(table, indent=2)


def latex(board: Board) -> str:
    """Format as a tabular for the booktabs package."""

    def cell(metric: str, row: Row) -> str:
        if metric not in row.cells:
            return "--"
        entry = row.cells[metric]
        value = escapes.latex(number(entry))
        strong = rf"\textbf{{{value}}}" if entry.mark is Mark.BEST else value
        tied = r"$^\approx$" if entry.mark is Mark.TIED else ""
        moved = change(row, metric).replace("Δ", r"$\Delta$")
        return rf"{strong}{tied} {{\scriptsize {' '.join(filter(None, [interval(entry), moved]))}}}"

    titles = [*row_titles(board), *(board.infos[m].title for m in board.columns)]
    lines = [
        rf"% {cleaned(board.caption)}",
        *(rf"% note: {cleaned(note)}" for note in board.notes),
        r"\begin{tabular}{" + "l" * len(row_titles(board)) + "r" * len(board.columns) + "}",
        r"\toprule",
        " & ".join(map(escapes.latex, titles)) + r" \\",
        r"\midrule",
        *(
            " & ".join([*map(escapes.latex, row_head(board, row)), *(cell(m, row) for m in board.columns)]) + r" \\"
            for row in board.rows
        ),
        r"\midrule",
        *(" & ".join(map(escapes.latex, line)) + r" \\" for line in ends(board)),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines)


FORMATS: dict[str, Callable[[Board], str]] = {
    "table": screen, "md": markdown, "csv": comma_separated, "latex": latex, "json": as_json,
}  # fmt: skip


def row_titles(board: Board) -> list[str]:
    """Return the titles of the columns before the metrics."""
    cost = costs.TITLES if board.costs else ()
    return [*(["rank"] if board.has_ranks else []), "run", *(["part"] if board.has_parts else []), *cost]


def row_head(board: Board, row: Row) -> list[str]:
    """Return the cells before a row's values."""
    rank = [rank_text(board, row)] if board.has_ranks else []
    cost = (costs.cells(row.group) if row.part == WHOLE else [""] * len(costs.TITLES)) if board.costs else []
    return [*rank, name(row), *([row.part] if board.has_parts else []), *cost]


def ends(board: Board) -> list[list[str]]:
    """Return the lines below the rows: the floors, and the ceilings if any is known."""
    lines = [(FLOOR, board.floors), *([(CEILING, board.ceilings)] if board.ceilings else [])]
    return [
        [word if title == "run" else "" for title in row_titles(board)]
        + [board.infos[metric].show(values[metric]) if metric in values else NOTHING for metric in board.columns]
        for word, values in lines
    ]


def _first(row: Row) -> Score:
    """Return the score of the row's first training seed."""
    return next(iter(row.group.scores.values()))


def _numbers(row: Row) -> dict[str, dict[str, float | int | None]]:
    """Return all numbers by metric: value, low, high, floor and so on, spread over seeds, rank."""
    numbers = {}
    for metric, cell in row.cells.items():
        rank, moved = cell.rank, shifts.change(row.group, row.part, metric)
        numbers[metric] = {
            **dataclasses.asdict(cell.estimate),
            "seed_spread": cell.spread,
            "rank": rank.value if rank else None,
            "rank_low": rank.low if rank else None,
            "rank_high": rank.high if rank else None,
            **({} if moved is None else {f"change{key}": value for key, value in _ends(moved)}),
        }
    return numbers


def _ends(moved: shifts.Change) -> list[tuple[str, float | None]]:
    return [("", moved.value), ("_low", moved.low), ("_high", moved.high)]


def _stacked(metric: str, row: Row) -> Text:
    if metric not in row.cells:
        return Text(NOTHING)
    cell = row.cells[metric]
    value = number(cell) + (MARKS[cell.mark] or " ")
    moved = f"\n{change(row, metric)}".rstrip()
    return Text.assemble((value, "bold" if cell.mark is Mark.BEST else ""), "\n", (interval(cell) + moved, "dim"))
