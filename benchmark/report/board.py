"""The leaderboard of the page: every value with its interval, as numbers and drawn on the scale of its column."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from iebench.manifests.text.escapes import html as escape

from ..metrics.geometry.curves import is_point
from ..ranking.board import Board, Mark, Row
from ..ranking.tables import CEILING, FLOOR, MARKS, NOTHING, change, interval, name, number, rank_text
from ..statistics.bootstrap import Estimate
from ..statistics.metric_info import WHOLE


@dataclass(frozen=True)
class Scale:
    """Scale of a column's small drawings: values to positions 2 .. 98."""

    low: float
    high: float

    @staticmethod
    def of(entries: list[Estimate]) -> "Scale":
        """Make a scale that contains every interval and floor."""
        numbers = [x for entry in entries for x in (entry.low, entry.high, entry.value, entry.floor)]
        return Scale(min(numbers), max(numbers))

    def at(self, value: float) -> str:
        """Return the position of a value."""
        width = self.high - self.low
        return f"{2 + 96 * ((value - self.low) / width if width else 0.5):.1f}"


def html(board: Board) -> str:
    """Make the <table>. Metrics without a column are included and shown on demand, but for the points of curves."""
    board = replace(board, metrics=tuple(metric for metric in board.metrics if not is_point(metric)))
    scales = {m: Scale.of([row.cells[m].estimate for row in board.rows if m in row.cells]) for m in board.metrics}
    lines = [_line(board, row, scales) for row in board.rows]
    foot = _end(board, FLOOR, board.floors) + (_end(board, CEILING, board.ceilings) if board.ceilings else "")
    head = "".join(_head(board, metric) for metric in board.metrics)
    return (
        "<table id='board'><thead><tr><th scope='col' title='interval of ranks by the column that sorts'>rank</th>"
        "<th scope='col' data-text='name'><span>method</span></th><th scope='col'>part</th>"
        f"{head}</tr></thead><tbody>{''.join(lines)}</tbody><tfoot>{foot}</tfoot></table>"
    )


def _end(board: Board, word: str, values: Mapping[str, float]) -> str:
    """Make a line of floors or ceilings."""
    shown = {metric: board.infos[metric].show(value) for metric, value in values.items()}
    cells = "".join(f"<td class='n{_more(board, m)}'>{shown.get(m, NOTHING)}</td>" for m in board.metrics)
    return f"<tr><td></td><th scope='row'>{word}</th><td></td>{cells}</tr>"


def _head(board: Board, metric: str) -> str:
    info = board.infos[metric]
    sorts = " aria-sort='descending'" if metric == board.sort and info.higher else ""
    sorts = " aria-sort='ascending'" if metric == board.sort and not info.higher else sorts
    better = "desc" if info.higher else "asc"
    return (
        f"<th scope='col' class='n{_more(board, metric)}' data-metric='{metric}' data-better='{better}'{sorts} "
        f"title='{escape(info.about)}'><span>{escape(info.title)}</span></th>"
    )


def _line(board: Board, row: Row, scales: dict[str, Scale]) -> str:
    kind = "whole" if row.part == WHOLE else "part"
    cells = "".join(_cell(board, metric, row, scales[metric]) for metric in board.metrics)
    return (
        f"<tr class='{kind}' data-name='{escape(row.name)}'><td class='rank'>{rank_text(board, row)}</td>"
        f"<th scope='row' data-part='{escape(row.part)}'>{escape(name(row))}</th>"
        f"<td>{escape(row.part)}</td>{cells}</tr>"
    )


def _cell(board: Board, metric: str, row: Row, scale: Scale) -> str:
    cell = row.cells.get(metric)
    if cell is None:
        return f"<td class='n{_more(board, metric)}'>–</td>"
    value = number(cell)
    shown = f"<strong>{value}</strong>" if cell.mark is Mark.BEST else value + MARKS[cell.mark]
    rank = "" if cell.rank is None else f" data-low='{cell.rank.low}' data-high='{cell.rank.high}'"
    ends = " ".join(filter(None, [interval(cell), change(row, metric)]))
    return (
        f"<td class='n{_more(board, metric)}' data-value='{cell.estimate.value!r}'{rank}>{shown}"
        f"<small>{ends}</small>{drawing(cell.estimate, scale)}</td>"
    )


def drawing(entry: Estimate, scale: Scale) -> str:
    """Draw the interval as a line, the value as a dot, the floor as a stroke."""
    low, high, value, floor = (scale.at(x) for x in (entry.low, entry.high, entry.value, entry.floor))
    return (
        f"<svg class='interval' viewBox='0 0 100 8' preserveAspectRatio='none' aria-hidden='true'>"
        f"<path class='floor' d='M{floor} 0V8'/><path d='M{low} 4H{high}'/><path class='value' d='M{value} 1V7'/></svg>"
    )


def _more(board: Board, metric: str) -> str:
    return "" if metric in board.columns else " more"
