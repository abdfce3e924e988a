"""The report: one HTML page that needs nothing else, with table, pictures, curves, dataset, machines and protocol."""

import io
from collections.abc import Iterable, Mapping
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from PIL import Image

from iebench.manifests.common.page import embedded, page_style
from iebench.manifests.common.progress import duration
from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.laws import Law
from iebench.manifests.reading.sheet import classes_sheet, views_sheet

from .curves import curves
from .errors import NotComparable
from .leaderboard import Board, Mark, Row, flat
from .log import read as read_log
from .measures import MEASURES, WHOLE
from .results import Score
from .tables import FLOOR, MARKS, interval


def report(scores: Mapping[Path, Score], data: Path) -> str:
    """The page for some scores (by file, beside which the run's log lies) of one dataset.

    Raises
    ------
    NotComparable : scores that may not share a table, or of another dataset than `data`.
    DatasetError : `data` is missing or damaged.
    """
    board = Board.of(scores, parts=True)
    info = DatasetInfo.load(data)
    if info.fingerprint != board.about.dataset.fingerprint:
        raise NotComparable(
            f"the scores are of dataset {board.about.dataset.name} with fingerprint "
            f"{board.about.dataset.fingerprint[:12]}, and {data} has {info.fingerprint[:12]}: give that one with --data"
        )
    protocol = {k: v for k, v in flat(board.about.protocol.as_dict()).items() if k != "rules"}
    smoke = "" if board.about.limit is None else "<p class='smoke'>A smoke run on few objects: no result.</p>"
    page = Template((files("iebench.benchmark") / "report.html").read_text(encoding="utf-8"))
    return page.substitute(
        style=page_style(),
        title=escape(f"Scores on {board.about.dataset.name}"),
        caption=escape(board.caption),
        warning=smoke,
        board=_table(board),
        legend=escape(board.legend.replace("*: best", "bold: best")),
        measures=_list((MEASURES[metric].title, MEASURES[metric].about) for metric in board.columns),
        classes=_embedded(classes_sheet(data)),
        views=_embedded(views_sheet(data)),
        facts=_list(_facts(info)),
        latents="".join(_line((f.name, _law(f.law), f.unit, f.frame)) for f in info.recipe.factors),
        curves=curves({score.name: read_log(path.parent) for path, score in scores.items()}) or "No run logged any.",
        runs=_runs(list(scores.values())),
        protocol=_list([("id", board.about.protocol_id), *((key, str(value)) for key, value in protocol.items())]),
        rules="".join(f"<li>{escape(rule)}</li>" for rule in board.about.protocol.rules),
    )


def _table(board: Board) -> str:
    titles = ["<th>run</th><th>part</th>"]
    titles += [
        f"<th class='n' title='{escape(MEASURES[m].about)}'>{escape(MEASURES[m].title)}</th>" for m in board.columns
    ]
    lines = [_board_line(board, row) for row in board.rows]
    floors = "".join(f"<td class='n'>{MEASURES[m].show(board.floors[m])}</td>" for m in board.columns)
    lines.append(f"<tr class='floor'><td>{FLOOR}</td><td></td>{floors}</tr>")
    return f"<table class='board'><thead><tr>{''.join(titles)}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _board_line(board: Board, row: Row) -> str:
    cells = []
    for metric in board.columns:
        if metric not in row.cells:
            cells.append("<td class='n'>–</td>")
            continue
        cell = row.cells[metric]
        value = MEASURES[metric].show(cell.measured.value)
        shown = f"<strong>{value}</strong>" if cell.mark is Mark.BEST else value + MARKS[cell.mark]
        cells.append(f"<td class='n'>{shown}<small>{interval(metric, cell)}</small></td>")
    kind = "whole" if row.part == WHOLE else "part"
    return f"<tr class='{kind}'><td>{escape(row.name)}</td><td>{escape(row.part)}</td>{''.join(cells)}</tr>"


def _facts(info: DatasetInfo) -> Iterable[tuple[str, str]]:
    yield "recipe", f"{info.recipe.name}, {info.recipe.resolution} pixels, {info.recipe.views} views of each object"
    yield "objects from", f"{info.source}, seed {info.seed}"
    yield "rendered with", ", ".join(str(value) for value in info.renderer.values() if isinstance(value, str))
    yield "quality", info.quality
    for split, counts in info.counts.items():
        yield (
            split,
            ", ".join(f"{n} {what}" for what, n in counts.items()) if isinstance(counts, Mapping) else str(counts),
        )
    yield "licence", info.licence
    yield "fingerprint", info.fingerprint


def _law(law: Law) -> str:
    numbers = ", ".join(f"{name} {value:.4g}" for name, value in vars(law).items())
    return f"{type(law).__name__.lower()}, {numbers}"


def _runs(scores: list[Score]) -> str:
    rows = {
        "run": [score.name for score in scores],
        "method": [str(score.run.get("method", "–")) for score in scores],
        "training settings": [_settings(score, "settings") for score in scores],
        "method's settings": [_settings(score, "method_settings") for score in scores],
        "trained on": [str(score.run.get("device", "–")) for score in scores],
        "representation": [
            f"{score.encoder.dim} dimensions from {score.encoder.resolution} pixels" for score in scores
        ],
        "weights": [score.encoder.weights[:12] for score in scores],
        "probes' seed": [str(score.seed) for score in scores],
        "scored on": [score.device for score in scores],
        "scoring took": [duration(sum(score.seconds.values())) for score in scores],
        "versions": [", ".join(f"{name} {v}" for name, v in score.versions.items()) for score in scores],
    }
    return "".join(f"<tr><th>{escape(name)}</th>{_cells(values)}</tr>" for name, values in rows.items())


def _settings(score: Score, key: str) -> str:
    table = flat(score.run.get(key, {}))
    return ", ".join(f"{name} {value}" for name, value in table.items() if value is not None) or "–"


def _list(entries: Iterable[tuple[str, str]]) -> str:
    return "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in entries)


def _line(values: Iterable[str]) -> str:
    return f"<tr>{_cells(values)}</tr>"


def _cells(values: Iterable[str]) -> str:
    return "".join(f"<td>{escape(value)}</td>" for value in values)


def _embedded(image: Image.Image) -> str:
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return embedded(out.getvalue(), "png")
