"""The page's table of descriptions: metrics of a representation in which neither larger nor smaller is better."""

from iebench.manifests.text.escapes import html as escape

from ..metrics.geometry.curves import is_point
from ..ranking.board import Board, Cell, Row
from ..ranking.tables import CEILING, FLOOR, NOTHING, interval, name, number
from ..statistics.metric_info import WHOLE
from .board import Scale, drawing
from .topics import topic


def table(board: Board) -> str:
    """Make a table of all metrics that are not ranked, by topic, a line each with its meaning; "" if there are none."""
    metrics = [metric for metric in board.metrics if not board.infos[metric].ranked and not is_point(metric)]
    if not metrics:
        return ""
    rows = [row for row in board.rows if any(metric in row.cells for metric in metrics)]
    titles = [*map(_title, rows), FLOOR, *([CEILING] if any(metric in board.ceilings for metric in metrics) else [])]
    head = "".join(f"<th scope='col' class='n'>{title}</th>" for title in titles)
    topics: dict[str, list[str]] = {}
    for metric in metrics:
        topics.setdefault(topic(metric, board.infos[metric]), []).append(metric)
    lines = "".join(
        f"<tr class='topic'><th scope='row'>{escape(name)}</th><td colspan='{len(titles)}'></td></tr>"
        + "".join(_line(board, metric, rows, len(titles)) for metric in own)
        for name, own in topics.items()
    )
    return (
        "<div class='scroll' tabindex='0' role='region' aria-label='descriptions'><table class='described'>"
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def _title(row: Row) -> str:
    part = "" if row.part == WHOLE else f"<small>{escape(row.part)}</small>"
    return f"{escape(name(row))}{part}"


def _line(board: Board, metric: str, rows: list[Row], columns: int) -> str:
    """Make the line of a metric, whose drawings share a scale. columns : number of cells; the last are its ends"""
    info, cells = board.infos[metric], [row.cells.get(metric) for row in rows]
    scale = Scale.of([cell.estimate for cell in cells if cell is not None])
    # an end of one character, such as the ceiling 1, is a number of the last columns
    meaning = "; ".join(
        [info.about, *(f"{word}: {text}" for word, text in ((FLOOR, info.floor), (CEILING, info.ceiling)) if text[1:])]
    )
    ends = [known.get(metric) for known in (board.floors, board.ceilings)][: columns - len(rows)]
    shown = "".join(_cell(cell, scale) for cell in cells) + "".join(
        f"<td class='n end'>{NOTHING if end is None else info.show(end)}</td>" for end in ends
    )
    return f"<tr><th scope='row'>{escape(info.title)}<small>{escape(meaning)}</small></th>{shown}</tr>"


def _cell(cell: Cell | None, scale: Scale) -> str:
    if cell is None:
        return f"<td class='n'>{NOTHING}</td>"
    return f"<td class='n'>{number(cell)}<small>{interval(cell)}</small>{drawing(cell.estimate, scale)}</td>"
