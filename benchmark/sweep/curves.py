"""Figure of a sweep over one setting: class and rotation over its values, a line for each method and part."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes

from iebench.manifests.common.files import write_atomic
from iebench.manifests.pages.figures import BOUND, PALETTE, Picture, page_svg, styled

from ..ranking.board import Board, Row
from ..ranking.conclusion import CLASS, ROTATION, measured
from ..results.reading import load_scores
from ..statistics.metric_info import WHOLE
from .plan import Planned

WIDE = 4  # largest by smallest value from which the axis is logarithmic
STYLES = ("-", "--", ":", "-.")  # of the whole representation and of its parts


@dataclass(frozen=True)
class Axis:
    """The setting that a sweep varies. key : its name; values : setting of the sweep -> value"""

    key: str
    values: Mapping[str, float]

    @staticmethod
    def of(settings: Mapping[str, Sequence[str]]) -> "Axis | None":
        """Return the one numeric setting in which all settings of a sweep differ; None if there is no such one."""
        pairs = {name: [text.partition("=") for text in texts] for name, texts in settings.items()}
        keys = {key.strip() for texts in pairs.values() for key, _, _ in texts}
        if len(keys) != 1 or any(len(texts) != 1 for texts in pairs.values()):
            return None
        try:
            values = {name: float(texts[0][2]) for name, texts in pairs.items()}
        except ValueError:
            return None
        several = len(set(values.values())) == len(values) > 1
        return Axis(keys.pop(), values) if several and all(map(math.isfinite, values.values())) else None


def write(path: Path, runs: Sequence[Planned], axis: Axis) -> bool:
    """Write the figure of some scored runs as SVG; returns False where they have neither class nor rotation.

    Raises
    ------
    NotComparable, ScoreFileError, DiskError : as for `table.write`.
    """
    board = Board.of(load_scores([run.score for run in runs]), parts=True)
    metrics = [metric for metric in (measured(board, CLASS), measured(board, ROTATION)) if metric]
    if metrics:
        with styled():
            write_atomic(path, page_svg(draw(board, metrics, {run.score: run for run in runs}, axis)))
    return bool(metrics)


def draw(board: Board, metrics: Sequence[str], runs: Mapping[Path, Planned], axis: Axis) -> Picture:
    """Draw a panel for each metric: values over the setting, their intervals as bands, the floor dashed.

    runs : runs by the path of their score
    """
    lines = _lines(board, runs, axis)
    methods = list(dict.fromkeys(method for method, _ in lines))
    with styled():
        picture = Picture(figsize=(4.6 * len(metrics), 3.6), layout="constrained")
        panels = picture.subplots(1, len(metrics), squeeze=False)[0]
        for panel, metric in zip(panels, metrics, strict=True):
            for (method, part), rows in lines.items():
                parts = [other for name, other in lines if name == method]
                style = STYLES[parts.index(part) % len(STYLES)]
                label = method if part == WHOLE else f"{method}: {part}"
                _line(panel, rows, metric, PALETTE[methods.index(method) % len(PALETTE)], style, label)
            _axes(panel, board, metric, axis)
        picture.legend(*panels[0].get_legend_handles_labels(), loc="outside right center", frameon=False, fontsize=8)
    return picture


def _lines(board: Board, runs: Mapping[Path, Planned], axis: Axis) -> dict[tuple[str, str], list[tuple[float, Row]]]:
    """Return the rows of each method and part with the setting's value, in its order; whole representations first."""
    lines: dict[tuple[str, str], list[tuple[float, Row]]] = {}
    for row in board.rows:
        run = runs[next(iter(row.group.scores))]
        lines.setdefault((run.config.method, row.part), []).append((axis.values[run.setting], row))
    for rows in lines.values():
        rows.sort(key=lambda point: point[0])
    return dict(sorted(lines.items(), key=lambda line: (line[0][0], line[0][1] != WHOLE, line[0][1])))


def _line(panel: Axes, rows: Sequence[tuple[float, Row]], metric: str, colour: str, style: str, label: str) -> None:
    """Draw one method or part, with the interval as a band for whole representations."""
    points = [(x, row.cells[metric].estimate) for x, row in rows if metric in row.cells]
    if not points:
        return
    across = [x for x, _ in points]
    panel.plot(across, [y.value for _, y in points], style, marker="o", markersize=4, color=colour, label=label)
    if style == STYLES[0]:
        low, high = ([getattr(y, end) for _, y in points] for end in ("low", "high"))
        panel.fill_between(across, low, high, color=colour, alpha=0.15, linewidth=0)


def _axes(panel: Axes, board: Board, metric: str, axis: Axis) -> None:
    """Label a panel; better is at the top."""
    info, values = board.infos[metric], sorted(axis.values.values())
    if values[0] > 0 and values[-1] / values[0] >= WIDE:
        panel.set_xscale("log")
    panel.set_xticks(values, [f"{value:g}" for value in values], minor=False)
    panel.minorticks_off()
    panel.set_xlabel(axis.key)
    panel.axhline(board.floors[metric], color=BOUND, linestyle="--", linewidth=1, zorder=0)
    panel.annotate(
        "floor", (1, board.floors[metric]), (-2, 3), xycoords=("axes fraction", "data"), textcoords="offset points",
        ha="right", color=BOUND, fontsize=8,
    )  # fmt: skip
    panel.yaxis.set_major_formatter(info.at_axis)
    panel.yaxis.set_inverted(not info.higher)
    panel.set_ylabel(f"{info.title}, better to the top")
    panel.spines[["top", "right"]].set_visible(False)
