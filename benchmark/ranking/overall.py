"""Ranking over several metrics at once: mean rank and Borda count, with intervals of the same bootstrap.

iebench leaderboard --overall top1,rotation_degrees_mean,mrr
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.table import Table

from iebench.manifests.brief import few
from iebench.manifests.shell.tables import drawn
from iebench.manifests.text import escapes

from ..errors import UnknownName, UsageError
from ..statistics.bootstrap import interval
from ..statistics.metric_info import WHOLE
from .board import Board, Row
from .tables import name

Array = NDArray[np.float64]
TITLES = ("row", "mean rank", "Borda %", "metrics")
CAPTION = (
    "Over {metrics}. Mean rank: mean of a row's ranks in the metrics that it has, each among the rows with the metric, "
    "1 for the best. Borda: share of the other rows that it beats, over its metrics; a tie counts half, 50 % is the "
    "middle. [low, high]: {level:.0%} interval of both over bootstrap samples of the val objects, the same for all rows"
)


@dataclass(frozen=True)
class Standing:
    """The standing of a row over several metrics.

    rank : mean rank, from 1; borda : share of comparisons won, 0 to 1; each as (value, low, high), with low and high
        None if bootstrap samples are missing
    metrics : number of metrics that the row has
    """

    row: Row
    rank: tuple[float, float | None, float | None]
    borda: tuple[float, float | None, float | None]
    metrics: int


def overall(board: Board, metrics: Sequence[str]) -> list[Standing]:
    """Rank the whole representations of a board over several metrics, best mean rank first.

    A row without any of the metrics is left out.

    Raises
    ------
    UnknownName, UsageError : no score has the metric, it is not ranked, or fewer than two metrics or rows.
    """
    _check(board, metrics)
    rows = [row for row in board.rows if row.part == WHOLE and any(metric in row.cells for metric in metrics)]
    if len(rows) < 2:
        raise UsageError("a ranking over several metrics needs two rows: score more encoders")
    beaten = [_beaten(board, rows, metric) for metric in metrics]
    ranked = [_standing(rows[i], [part[:, i] for part in beaten], board) for i in range(len(rows))]
    return sorted(ranked, key=lambda standing: standing.rank[0])


def _check(board: Board, metrics: Sequence[str]) -> None:
    for metric in metrics:
        if metric not in board.metrics:
            raise UnknownName("metric", metric, board.metrics)
        if metric in board.unranked or not board.infos[metric].ranked:
            raise UsageError(f"{metric} is not ranked: choose a metric for which more or less is better")
    if len(set(metrics)) < 2:
        raise UsageError("a ranking over several metrics needs two of them, as in top1,rotation_degrees_mean")


def _beaten(board: Board, rows: Sequence[Row], metric: str) -> Array:
    """Return comparisons in a metric: (1 + bootstrap samples, rows, rows), the values themselves first.

    Entry i, j is 1 if row i is better than row j, 0.5 at a tie, 0 if worse; NaN if one of them lacks the metric or
    i = j. Without the samples of some row there are none.
    """
    values = [row.group.values(WHOLE).get(metric) for row in rows]
    draws = [value.draws for value in values if value is not None]
    samples = [d for d in draws if d is not None]
    count = len(samples[0]) if samples and len(samples) == len(draws) else 0
    table = np.full((1 + count, len(rows)), np.nan)
    for i, value in enumerate(values):
        if value is not None:
            table[0, i] = value.estimate.value
            table[1:, i] = value.draws if count and value.draws is not None else np.nan
    sign = 1.0 if board.infos[metric].higher else -1.0
    differences = sign * (table[:, :, None] - table[:, None, :])
    differences[:, range(len(rows)), range(len(rows))] = np.nan
    beaten: Array = (np.sign(differences) + 1) / 2
    return beaten


def _standing(row: Row, comparisons: Sequence[Array], board: Board) -> Standing:
    """Return the standing of one row. comparisons : for each metric (1 + bootstrap samples, rows)."""
    own = [part for part in comparisons if not np.isnan(part[0]).all()]
    count = min(len(part) for part in own) if own else 0
    if not own:  # alone in each of its metrics
        return Standing(row, (1.0, None, None), (0.5, None, None), 0)
    kept = np.stack([part[:count] for part in own])  # (metrics, 1 + samples, rows)
    ranks = (1 + np.nansum(1 - kept, axis=2)).mean(0)
    borda = np.nanmean(kept, axis=2).mean(0)
    level = board.about.protocol.level
    return Standing(row, _entry(ranks, level), _entry(borda, level), len(own))


def _entry(numbers: Array, level: float) -> tuple[float, float | None, float | None]:
    if len(numbers) == 1:
        return float(numbers[0]), None, None
    low, high = interval(numbers[1:], level).tolist()
    return float(numbers[0]), low, high


def _lines(board: Board, metrics: Sequence[str]) -> list[list[str]]:
    """Return the cells of each row under TITLES."""

    def shown(entry: tuple[float, float | None, float | None], factor: float) -> str:
        value, low, high = entry
        ends = "" if low is None or high is None else f" [{low * factor:.1f}, {high * factor:.1f}]"
        return f"{value * factor:.1f}{ends}"

    return [
        [name(s.row), shown(s.rank, 1), shown(s.borda, 100), f"{s.metrics} of {len(metrics)}"]
        for s in overall(board, metrics)
    ]


def _caption(board: Board, metrics: Sequence[str]) -> str:
    titles = few((board.infos[metric].title for metric in metrics), most=len(metrics))
    return CAPTION.format(metrics=titles, level=board.about.protocol.level)


def screen(board: Board, metrics: Sequence[str]) -> str:
    """Format the ranking for a terminal, with its caption below."""
    table = Table(box=box.SIMPLE_HEAD, show_lines=False, pad_edge=False)
    for number, title in enumerate(TITLES):
        table.add_column(title, justify="right" if number else "left", no_wrap=True)
    for line in _lines(board, metrics):
        table.add_row(*map(escapes.screen, line))
    text = "\n".join(line.rstrip() for line in drawn(table) if line.strip())
    return f"\n\n{text}\n\n{escapes.screen(_caption(board, metrics))}"


def markdown(board: Board, metrics: Sequence[str]) -> str:
    """Format the ranking as a GitHub table, with its caption below."""
    lines = [[escapes.markdown(cell) for cell in line] for line in _lines(board, metrics)]
    rows = map(escapes.markdown_row, [list(TITLES), ["---", "---:", "---:", "---:"], *lines])
    return "\n".join(["", "", *rows, "", f"{escapes.markdown(_caption(board, metrics))}."])


FORMATS = {"table": screen, "md": markdown}
