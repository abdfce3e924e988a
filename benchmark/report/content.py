"""Data for the page's script, as one JSON object; every number in it is a copy of a number in the tables."""

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import NotComparable, RunError
from ..metrics.geometry.curves import is_point
from ..ranking.board import Board, Row
from ..results.orbits import CURVES
from ..results.orbits import NAME as ORBITS
from ..results.orbits import read as read_orbits
from ..statistics.metric_info import WHOLE, MetricInfo
from ..statistics.resamples import unpack
from ..training.log import METRICS, TIMES
from ..training.log import read as read_log
from .answers import confusion, of_views
from .pictures import Pictures
from .poses import distributions
from .queries import queries
from .topics import topic

POINTS = 150  # smallest number of points of a training curve, if so many were logged
TERMS = 1_000  # largest number of names in a log
VALUES = 2_500_000  # largest number of per-object values, a byte each; metrics with a column come first
PICTURED = 500  # largest number of objects with an image: the worst of every method and metric first
Array = NDArray[np.float64]


def gather(board: Board, pictures: Pictures | None) -> dict[str, Any]:
    """Collect all data. Methods are identified by their index in `methods`."""
    methods = [row for row in board.rows if row.part == WHOLE]
    indices = {row.name: i for i, row in enumerate(methods)}
    beliefs = distributions(methods, pictures)
    shown = None if pictures is None else objects(board, methods, pictures)
    posed = [(shown["object"], shown["view"]) for drawings in beliefs.values() for shown in drawings]
    return {
        "methods": [row.name for row in methods],
        "metrics": {m: _metric(m, board.infos[m]) for m in board.metrics},
        "sort": board.sort,
        "rows": [_row(row, indices[row.name]) for row in board.rows],
        "curves": curves(methods),
        "orbits": sweeps(methods),
        "objects": shown,
        "confusion": confusion(methods, pictures),
        "answers": of_views(methods, shown["worst"], pictures) if shown and pictures else None,
        "queries": None if pictures is None else queries(methods, pictures),
        "distributions": beliefs,
        "posed": {} if pictures is None else pictures.views(posed),
    }


def _metric(metric: str, info: MetricInfo) -> dict[str, Any]:
    return {
        "topic": topic(metric, info),
        "point": is_point(metric),
        "title": info.title,
        "about": info.about,
        "higher": info.higher,
        "ranked": info.ranked,
        "factor": info.factor,
        "digits": info.digits,
    }


def _row(row: Row, method: int) -> dict[str, Any]:
    values = {
        metric: [*map(_short, (m.value, m.low, m.high, m.floor)), m.ceiling]
        for metric, m in ((metric, cell.estimate) for metric, cell in row.cells.items())
    }
    return {"method": method, "part": row.part, "values": values}


def curves(rows: Sequence[Row]) -> dict[str, list[dict[str, Any]]]:
    """Return, by logged value, a line for each run: its method, its name, and [step, value] points.

    Memory grows with the number of lines, not with the length of the logs.

    Raises
    ------
    RunError : a log is damaged, or has more than TERMS names of values.
    """
    charts: dict[str, list[dict[str, Any]]] = {}
    for method, row in enumerate(rows):
        for path, score in row.group.scores.items():
            for term, curve in _curves(path.parent).items():
                charts.setdefault(term, []).append({"method": method, "name": score.name, "points": curve.points})
    return charts


@dataclass
class Curve:
    """A thinned curve: every n-th of the added points, between POINTS and twice as many."""

    points: list[list[float]] = field(default_factory=list)
    seen: int = 0
    stride: int = 1

    def add(self, step: float, value: float) -> None:
        """Add the next point, or skip it."""
        if self.seen % self.stride == 0:
            self.points.append([step, _short(value)])
        self.seen += 1
        if len(self.points) == 2 * POINTS:
            del self.points[1::2]
            self.stride *= 2


def _curves(run: Path) -> dict[str, Curve]:
    """Return the logged values of a run by name; only finite numbers."""
    terms: dict[str, Curve] = {}
    for line in read_log(run):
        for term in line:
            if term not in ("step", *TIMES) and math.isfinite(line[term]):
                terms.setdefault(term, Curve()).add(line["step"], line[term])
        if len(terms) > TERMS:
            raise RunError(f"{run / METRICS} has values of more than {TERMS:,} names: move it away for a report")
    return terms


def sweeps(rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """Return, by swept dataset, axis and curves: method, name, part, [value, mean, low, high], [value, worst].

    Raises
    ------
    NotComparable : orbits and score are of different weights.
    """
    charts: dict[str, dict[str, Any]] = {}
    for method, row in enumerate(rows):
        for path, score in row.group.scores.items():
            table = read_orbits(path.parent)
            if table is None:
                continue
            if table["weights"] != score.encoder.weights:
                raise NotComparable(
                    f"{path.parent / ORBITS} is of other weights than {path}: run `iebench orbits` again, or remove it"
                )
            axis = f"{table['factor']}, {table['unit']}"
            smoke = "" if table["limit"] is None else f", SMOKE RUN, at most {table['limit']} objects a split"
            sweep = charts.setdefault(
                f"{axis}, dataset {table['dataset'][:12]}{smoke}",
                {"axis": axis, "curves": {curve: {"title": about, "lines": []} for curve, about in CURVES.items()}},
            )
            for part, lines in table["parts"].items():
                for curve, line in lines.items():
                    mean = zip(table["places"], line["mean"], line["low"], line["high"], strict=True)
                    worst = zip(table["places"], line["worst"], strict=True)
                    sweep["curves"][curve]["lines"].append(
                        {"method": method, "name": score.name, "part": part,
                         "mean": [[*map(_short, point)] for point in mean],
                         "worst": [[*map(_short, point)] for point in worst]}
                    )  # fmt: skip
    return charts


def objects(board: Board, rows: Sequence[Row], pictures: Pictures) -> dict[str, Any]:
    """Return all val objects' values, metrics with a column first, limited in size; and images of the worst."""
    values = {method: _each(row, len(pictures.names)) for method, row in enumerate(rows)}
    known = [metric for metric in board.infos if any(metric in means for means in values.values())]
    room = max(1, VALUES // (len(rows) * len(pictures.names)))
    metrics = sorted(known, key=lambda metric: metric not in board.columns)[:room]
    columns = [
        (board.infos[metric], means[metric]) for metric in metrics for means in values.values() if metric in means
    ]
    classes = sorted(set(pictures.classes))
    worst = _worst(columns)
    return {
        "worst": worst,
        "names": pictures.names,
        "classes": classes,
        "class": [classes.index(name) for name in pictures.classes],
        "values": {m: {i: packed(means[m]) for i, means in values.items() if m in means} for m in metrics},
        "pictures": pictures.views((i, 0) for i in worst),
    }


def packed(values: Array) -> list[Any]:
    """Pack values to [smallest, largest, base64 of one byte per value], exact to 1/510 of their range."""
    low, high = float(values.min()), float(values.max())
    steps = np.rint((values - low) * (255 / (high - low) if high > low else 0)).astype(np.uint8)
    return [_short(low), _short(high), base64.b64encode(steps.tobytes()).decode()]


def _each(row: Row, count: int) -> dict[str, Array]:
    """Return metric -> mean of each object over the method's seeds; skips metrics of another number of objects."""
    scores = list(row.group.scores.values())
    shared = [metric for metric in scores[0].resamples.each if all(metric in s.resamples.each for s in scores)]
    means = {metric: np.mean([unpack(s.resamples.each[metric]) for s in scores], axis=0) for metric in shared}
    return {metric: values for metric, values in means.items() if len(values) == count}


def _worst(columns: Sequence[tuple[MetricInfo, Array]]) -> list[int]:
    """Return the worst objects of every column in turn, at most PICTURED."""
    if not columns:
        return []
    orders = [np.argsort(values if info.higher else -values, kind="stable") for info, values in columns]
    ranked = np.stack(orders, axis=1).ravel()  # all worst objects, then all second worst, and so on
    return list(dict.fromkeys(ranked.tolist()))[:PICTURED]


def _short(value: float) -> float:
    """Round to six digits, more than a drawing can show."""
    return float(f"{value:.6g}")
