"""The figure of invariance against equivariance: class against rotation, a point for each method and each part."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from matplotlib.axes import Axes
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox

from iebench.manifests.pages.figures import BOUND, PALETTE, Picture, styled

from ..errors import UsageError
from ..ranking.board import Board, Row
from ..ranking.conclusion import CLASS, ROTATION, labelled, measured
from ..statistics.bootstrap import Estimate
from ..statistics.metric_info import WHOLE

REACHES = (6, 12, 20, 30, 42)  # points between a mark and its label
SIDES = ((1, 1), (-1, 1), (1, -1), (-1, -1), (1, 0), (-1, 0), (0, 1), (0, -1))  # first beside the intervals


@dataclass(frozen=True)
class Point:
    """A mark of the figure. across, upwards : estimates of class and rotation"""

    row: Row
    across: Estimate
    upwards: Estimate
    colour: str

    @property
    def whole(self) -> bool:
        """True for the whole representation."""
        return self.row.part == WHOLE

    @property
    def text(self) -> str:
        """Label of the mark."""
        return self.row.name if self.whole else f"{self.row.name}: {self.row.part}"


def tradeoff(board: Board) -> Picture:
    """Draw class against rotation with intervals, floors, and the rotation of the best method trained on labels.

    Raises
    ------
    UsageError : no row has both metrics.
    """
    across, upwards = measured(board, CLASS), measured(board, ROTATION)
    points = list(_points(board, across, upwards))
    if not points:
        raise UsageError(
            "no score has both class and rotation, so the figure has no point: score with the probes of both"
        )
    with styled():
        picture = Picture(figsize=(7.5, 4.6), layout="constrained")
        chart = picture.add_subplot()
        for point in points:
            _draw(chart, point)
        _bounds(chart, board, points)
        for axis, metric in ((chart.xaxis, across), (chart.yaxis, upwards)):
            info = board.infos[metric]
            axis.set_major_formatter(info.at_axis)
            axis.set_inverted(not info.higher)
        chart.set_xlabel(f"class: {board.infos[across].title}, better to the right")
        chart.set_ylabel(f"{board.infos[upwards].title}, better to the top")
        chart.spines[["top", "right"]].set_visible(False)
        picture.draw_without_rendering()  # which places the axes
        _label(chart, points, picture.dpi / 72)
    return picture


def _points(board: Board, across: str, upwards: str) -> Iterator[Point]:
    """Return the rows that have both metrics; a method and its parts share a colour."""
    names = list(dict.fromkeys(row.name for row in board.rows))
    for row in board.rows:
        if across in row.cells and upwards in row.cells:
            colour = PALETTE[names.index(row.name) % len(PALETTE)]
            yield Point(row, row.cells[across].estimate, row.cells[upwards].estimate, colour)


def _draw(chart: Axes, point: Point) -> None:
    """Draw a mark with its intervals: filled for a whole representation, smaller and hollow for a part."""
    x, y = point.across, point.upwards
    line: dict[str, Any] = {"color": point.colour, "alpha": 0.5, "linewidth": 1.6 if point.whole else 0.9}
    chart.plot([x.low, x.high], [y.value] * 2, **line)
    chart.plot([x.value] * 2, [y.low, y.high], **line)
    face = point.colour if point.whole else "none"
    chart.plot(x.value, y.value, "o", color=point.colour, markerfacecolor=face, markersize=8 if point.whole else 6)


def _bounds(chart: Axes, board: Board, points: Sequence[Point]) -> None:
    """Draw the floors of both metrics, and the best rotation of a method that is trained on labels."""
    floor = points[0]
    chart.axvline(floor.across.floor, color=BOUND, linestyle="--", linewidth=1, zorder=0)
    chart.axhline(floor.upwards.floor, color=BOUND, linestyle="--", linewidth=1, zorder=0)
    words: dict[str, Any] = {"color": BOUND, "fontsize": 8, "textcoords": "offset points"}
    side = ("axes fraction", "data")
    chart.annotate("floor", (floor.across.floor, 1), (4, -8), xycoords=("data", "axes fraction"), **words)
    chart.annotate("floor", (1, floor.upwards.floor), (-2, 3), xycoords=side, ha="right", **words)
    upper = [point for point in points if point.whole and labelled(point.row)]
    if upper:
        sign = 1 if board.infos[measured(board, ROTATION)].higher else -1
        best = max(upper, key=lambda point: sign * point.upwards.value)
        chart.axhline(best.upwards.value, color=BOUND, linestyle=":", linewidth=1.2, zorder=0)
        chart.annotate("trained on labels", (0, best.upwards.value), (4, 3), xycoords=side, **words)


def _label(chart: Axes, points: Sequence[Point], scale: float) -> None:
    """Write the label of each mark at the nearest free position beside it. scale : pixels in a point"""
    frame = chart.get_window_extent()
    marks = [chart.transData.transform((point.across.value, point.upwards.value)) for point in points]
    taken = [Bbox.from_bounds(x - 6 * scale, y - 6 * scale, 12 * scale, 12 * scale) for x, y in marks]
    for point in sorted(points, key=lambda point: not point.whole):
        texts = (_text(chart, point, reach, side) for reach, side in product(REACHES, SIDES))
        for text in texts:
            box = text.get_window_extent()
            inside = frame.contains(box.x0, box.y0) and frame.contains(box.x1, box.y1)
            if inside and not box.count_overlaps(taken):
                taken.append(box)
                break
            text.remove()
        else:  # everything is full: rather over others than missing
            _text(chart, point, REACHES[0], SIDES[0])


def _text(chart: Axes, point: Point, reach: float, side: tuple[int, int]) -> Annotation:
    """Write a mark's label at a distance in points on one of its sides; a distant one gets a line."""
    dx, dy = side
    return chart.annotate(
        point.text, (point.across.value, point.upwards.value), (dx * reach, dy * reach), textcoords="offset points",
        ha=("center", "left", "right")[dx], va=("center", "bottom", "top")[dy], color=point.colour,
        fontsize=9 if point.whole else 7.5,
        arrowprops={"arrowstyle": "-", "color": point.colour, "alpha": 0.5} if reach > REACHES[1] else None,
    )  # fmt: skip
