"""The figure of a predictor's retrievals: source view, rotation, retrieved view, target view."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from iebench.manifests.pages.figures import INK, Picture, styled

from ..data.rows import spread
from ..errors import UsageError
from ..ranking.board import Board, Row
from ..ranking.conclusion import PREDICTION
from ..results.score import Example
from ..statistics.metric_info import WHOLE
from .pictures import Pictures, projected

QUERIES, BESIDE = 6, 2  # queries, and queries in a line
COLUMNS = ("view", "wanted rotation", "retrieved", "target")
COLOURS = ("#c43d4b", "#2f9e5b", "#2b7bd1")  # x, y, z
RIGHT, WRONG = "#2f9e5b", "#c43d4b"


def retrievals(board: Board, pictures: Pictures) -> Picture:
    """Draw queries to the best predictor: the source view, the rotation, the retrieved and the target view.

    The queries are evenly spread over those of the score file; the retrieved views do not affect the selection.

    Raises
    ------
    UsageError : no score has queries to a predictor.
    NotComparable : a query is about an object or a view that the dataset does not have.
    """
    row = _best(board)
    path, score = next(iter(row.group.scores.items()))
    examples = [score.examples[i] for i in spread(len(score.examples), QUERIES)]
    lines = -(-len(examples) // BESIDE)
    with styled():
        picture = Picture(figsize=(8.2, 1.22 * lines + 0.5), layout="constrained")
        grids = picture.subfigures(lines, BESIDE, squeeze=False, wspace=0.06).flat
        for number, (part, example) in enumerate(zip(grids, examples, strict=False)):
            charts = part.subplots(1, len(COLUMNS))
            _query(charts, example, pictures, pictures.index(example, path))
            if number < BESIDE:
                for chart, title in zip(charts, COLUMNS, strict=True):
                    chart.set_title(title, fontsize=9)
        picture.supxlabel(
            f"Predictor of {row.name}. Green: the retrieved view is the target. Axes before (thin) and after rotation.",
            fontsize=8,
        )
    return picture


def _best(board: Board) -> Row:
    """Return the method with the best retrieval among those with queries."""
    rows = [
        row
        for row in board.rows
        if row.part == WHOLE and PREDICTION in row.cells and next(iter(row.group.scores.values())).examples
    ]
    if not rows:
        raise UsageError("no score has queries to a predictor, which the figure shows: score a method with a predictor")
    return max(rows, key=lambda row: row.cells[PREDICTION].estimate.value)


def _query(charts: Sequence[Axes], example: Example, pictures: Pictures, index: int) -> None:
    """Draw a query about an object in four charts."""
    views = (example.source, example.found, example.target)
    for chart, view in zip((charts[0], *charts[2:]), views, strict=True):
        chart.imshow(np.asarray(pictures.image(index, view)), interpolation="none")
        _bare(chart)
    _frame(charts[2], RIGHT if example.found == example.target else WRONG)
    turn = pictures.turn(index, example.source, example.target)
    charts[1].set(xlim=(-1.05, 1.05), ylim=(1.05, -1.05), aspect="equal")
    _bare(charts[1])
    if turn is not None:
        degrees, matrices = turn
        for ends, width in zip(projected(matrices), (1.0, 3.0), strict=True):
            for (x, y), colour in zip(ends, COLOURS, strict=True):
                charts[1].plot([0, x], [0, y], color=colour, linewidth=width, solid_capstyle="round")
        charts[1].set_xlabel(f"{degrees:.0f}°", fontsize=8, color=INK, labelpad=2)


def _bare(chart: Axes) -> None:
    chart.set_xticks([])
    chart.set_yticks([])
    chart.spines[:].set_visible(False)


def _frame(chart: Axes, colour: str) -> None:
    chart.spines[:].set(visible=True, color=colour, linewidth=2.5)
