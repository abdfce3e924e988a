"""The page's table of descriptions: metrics of a representation in which neither larger nor smaller is better."""

from iebench.manifests.text.escapes import html as escape

from ..metrics.geometry.curves import is_point
from ..ranking.board import Board, Cell, Row
from ..ranking.tables import NOTHING, interval, name, number
from ..statistics.metric_info import WHOLE
from .board import Scale, drawing


def table(board: Board) -> str:
    """Make a table of all metrics that are not ranked, a line each with its meaning; "" if there are none."""
    metrics = [metric for metric in board.metrics if not board.infos[metric].ranked and not is_point(metric)]
    if not metrics:
        return ""
    rows = [row for row in board.rows if any(metric in row.cells for metric in metrics)]
    head = "".join(f"<th scope='col' class='n'>{_title(row)}</th>" for row in rows)
    lines = "".join(_line(board, metric, rows) for metric in metrics)
    return (
        "<div class='scroll' tabindex='0' role='region' aria-label='descriptions'><table class='described'>"
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def _title(row: Row) -> str:
    part = "" if row.part == WHOLE else f"<small>{escape(row.part)}</small>"
    return f"{escape(name(row))}{part}"


def _line(board: Board, metric: str, rows: list[Row]) -> str:
    """Make the line of a metric, whose drawings share a scale."""
    info, cells = board.infos[metric], [row.cells.get(metric) for row in rows]
    scale = Scale.of([cell.estimate for cell in cells if cell is not None])
    meaning = f"{info.about}; floor: {info.floor}" if info.floor else info.about
    shown = "".join(_cell(cell, scale) for cell in cells)
    return f"<tr><th scope='row'>{escape(info.title)}<small>{escape(meaning)}</small></th>{shown}</tr>"


def _cell(cell: Cell | None, scale: Scale) -> str:
    if cell is None:
        return f"<td class='n'>{NOTHING}</td>"
    return f"<td class='n'>{number(cell)}<small>{interval(cell)}</small>{drawing(cell.estimate, scale)}</td>"
