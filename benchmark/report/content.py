"""What the page's script draws from, as one JSON object. Every number in it is a copy of what the tables hold."""

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import NotComparable
from ..leaderboard import Board, Row
from ..log import TIMES
from ..log import read as read_log
from ..measures import WHOLE, Measure
from ..orbit_file import CURVES
from ..orbit_file import NAME as ORBITS
from ..orbit_file import read as read_orbits
from ..resamples import unpack
from .pictures import Pictures

POINTS = 200  # of a training curve
VALUES = 2_500_000  # per object, of all methods and metrics, at most: a byte each; metrics with a column come first
PICTURED = 500  # objects with a picture, at most: the worst of every method and metric first
Array = NDArray[np.float64]


def gather(board: Board, pictures: Pictures | None) -> dict[str, Any]:
    """All of it. Methods are told apart by their place in `methods`, everywhere."""
    whole = [row for row in board.rows if row.part == WHOLE]
    places = {row.name: i for i, row in enumerate(whole)}
    return {
        "methods": [row.name for row in whole],
        "metrics": {m: _metric(board.measures[m]) for m in board.metrics},
        "sort": board.sort,
        "rows": [_row(row, places[row.name]) for row in board.rows],
        "curves": curves(whole),
        "orbits": sweeps(whole),
        "objects": None if pictures is None else objects(board, whole, pictures),
        "questions": None if pictures is None else questions(whole, pictures),
    }


def _metric(measure: Measure) -> dict[str, Any]:
    return {
        "title": measure.title,
        "about": measure.about,
        "higher": measure.higher,
        "factor": measure.factor,
        "digits": measure.digits,
    }


def _row(row: Row, method: int) -> dict[str, Any]:
    values = {
        metric: [*map(_short, (m.value, m.low, m.high, m.floor)), m.ceiling]
        for metric, m in ((metric, cell.measured) for metric, cell in row.cells.items())
    }
    return {"method": method, "part": row.part, "values": values}


def curves(rows: Sequence[Row]) -> dict[str, list[dict[str, Any]]]:
    """Logged value -> a line of every run that logged it: its method, its name, and [step, value] points."""
    found: dict[str, list[dict[str, Any]]] = {}
    for method, row in enumerate(rows):
        for path, score in row.group.scores.items():
            lines = read_log(path.parent)
            for term in dict.fromkeys(key for line in lines for key in line if key not in ("step", *TIMES)):
                points = [[line["step"], _short(line[term])] for line in lines if np.isfinite(line.get(term, np.nan))]
                kept = points[:: max(1, len(points) // POINTS)]
                if kept:
                    found.setdefault(term, []).append({"method": method, "name": score.name, "points": kept})
    return found


def sweeps(rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """Swept dataset -> its axis, and every curve's lines: method, name, part, [place, mean, low, high], [place, worst].

    Raises
    ------
    NotComparable : orbits of other weights than the score beside them.
    """
    found: dict[str, dict[str, Any]] = {}
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
            sweep = found.setdefault(
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
    return found


def objects(board: Board, rows: Sequence[Row], pictures: Pictures) -> dict[str, Any]:
    """Every val object's values; metrics with a column first, then what there is room for; pictures of the worst."""
    values = {method: _each(row, len(pictures.names)) for method, row in enumerate(rows)}
    known = [metric for metric in board.measures if any(metric in found for found in values.values())]
    room = max(1, VALUES // (len(rows) * len(pictures.names)))
    metrics = sorted(known, key=lambda metric: metric not in board.columns)[:room]
    columns = [
        (board.measures[metric], found[metric]) for metric in metrics for found in values.values() if metric in found
    ]
    classes = sorted(set(pictures.classes))
    return {
        "names": pictures.names,
        "classes": classes,
        "class": [classes.index(name) for name in pictures.classes],
        "values": {m: {i: packed(found[m]) for i, found in values.items() if m in found} for m in metrics},
        "pictures": pictures.views((i, 0) for i in _worst(columns)),
    }


def questions(rows: Sequence[Row], pictures: Pictures) -> dict[str, Any]:
    """What each method's predictor was asked and found, with the views' pictures; of the first training seed."""
    place = {name: i for i, name in enumerate(pictures.names)}
    asked: dict[int, list[dict[str, Any]]] = {}
    turns: dict[str, Any] = {}
    views: list[tuple[int, int]] = []
    for method, row in enumerate(rows):
        score = next(iter(row.group.scores.values()))
        for example in score.examples:
            i = place[f"{example.synset}/{example.object_id}"]
            key = f"{i}.{example.target}"
            turns.setdefault(key, pictures.turn(i, example.source, example.target))
            views += [(i, view) for view in (example.source, example.target, example.found)]
            asked.setdefault(method, []).append(
                {"object": i, "source": example.source, "target": example.target, "found": example.found,
                 "rank": example.rank, "among": score.dataset.views - 1}
            )  # fmt: skip
    return {"asked": asked, "turns": turns, "pictures": pictures.views(views)}


def packed(values: Array) -> list[Any]:
    """[least, greatest, base64 of one byte a value]: within 1/510 of their range."""
    low, high = float(values.min()), float(values.max())
    steps = np.rint((values - low) * (255 / (high - low) if high > low else 0)).astype(np.uint8)
    return [_short(low), _short(high), base64.b64encode(steps.tobytes()).decode()]


def _each(row: Row, count: int) -> dict[str, Array]:
    """Metric -> the mean of each object over the method's seeds; those of another number of objects are left out."""
    scores = list(row.group.scores.values())
    shared = [metric for metric in scores[0].resamples.each if all(metric in s.resamples.each for s in scores)]
    found = {metric: np.mean([unpack(s.resamples.each[metric]) for s in scores], axis=0) for metric in shared}
    return {metric: values for metric, values in found.items() if len(values) == count}


def _worst(columns: Sequence[tuple[Measure, Array]]) -> list[int]:
    """The objects that come first when every column's worst are taken in turn, PICTURED of them at most."""
    if not columns:
        return []
    orders = [np.argsort(values if measure.higher else -values, kind="stable") for measure, values in columns]
    ranked = np.stack(orders, axis=1).ravel()  # all worst ones, then all second worst ones, and so on
    return list(dict.fromkeys(ranked.tolist()))[:PICTURED]


def _short(value: float) -> float:
    """Six digits, which is more than any drawing shows."""
    return float(f"{value:.6g}")
