"""A leaderboard as an HTML table, for notebooks and pages; it has no script and no style outside itself."""

from iebench.manifests.text.escapes import html

from .board import Board, Mark, Row
from .tables import MARKS, NOTHING, change, ends, interval, number, row_head, row_titles

LEFT, RIGHT = ' style="text-align: left"', ' style="text-align: right; white-space: nowrap"'
TITLE = ' style="text-align: right; vertical-align: bottom; max-width: 7em"'  # wraps
SMALL = ' style="opacity: 0.65; font-size: 85%"'


def as_html(board: Board) -> str:
    """Format as a <div> with a table; the meaning of each metric shows when the pointer rests on its title."""
    infos = [board.infos[metric] for metric in board.columns]
    titles = [f"<th{LEFT}>{html(title)}</th>" for title in row_titles(board)]
    titles += [f'<th title="{html(info.about)}"{TITLE}>{html(info.title)}</th>' for info in infos]
    lines = [
        [*(f"<td{LEFT}>{html(word)}</td>" for word in row_head(board, row)), *(_cell(m, row) for m in board.columns)]
        for row in board.rows
    ]
    sides = [LEFT] * len(row_titles(board)) + [RIGHT] * len(infos)
    lines += [
        [f"<td{side}><span{SMALL}>{html(word)}</span></td>" for side, word in zip(sides, line, strict=True)]
        for line in ends(board)
    ]
    words = [f"{board.caption}. {board.legend}.", *board.notes]
    return "\n".join(
        [
            '<div style="overflow-x: auto">', "<table>", f"<thead><tr>{''.join(titles)}</tr></thead>", "<tbody>",
            *(f"<tr>{''.join(cells)}</tr>" for cells in lines),
            "</tbody>", "</table>", *(f"<p{SMALL}>{html(text)}</p>" for text in words), "</div>",
        ]
    )  # fmt: skip


def _cell(metric: str, row: Row) -> str:
    """Return the cell of a metric: the value, bold if it is the best, above its interval."""
    if metric not in row.cells:
        return f"<td{RIGHT}>{NOTHING}</td>"
    cell = row.cells[metric]
    value, below = html(number(cell)), f"{interval(cell)} {change(row, metric)}".rstrip()
    shown = f"<b>{value}</b>" if cell.mark is Mark.BEST else value
    return f"<td{RIGHT}>{shown}{html(MARKS[cell.mark])}<br><span{SMALL}>{html(below)}</span></td>"
