"""The report: one self-contained HTML page with table, charts, images and machines of some scores.

The page is readable without its script: `board.py` makes the table and `facts.py` the lists. The script (page.js and
the files beside it) sorts, filters, and draws charts from the JSON that `content.py` puts into the page.
"""

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from string import Template

from iebench.manifests.dataset import INFO, DatasetInfo
from iebench.manifests.errors import DatasetError
from iebench.manifests.pages.page import page_style
from iebench.manifests.text.escapes import html as escape

from ..errors import NotComparable
from ..ranking.board import Board
from ..results.score import Score
from . import board as table
from . import descriptions, facts
from .content import gather
from .pictures import Pictures

SCRIPTS = (
    "core.js",
    "table.js",
    "scatter.js",
    "profile.js",
    "lines.js",
    "matrices.js",
    "poses.js",
    "retrieval.js",
    "objects.js",
    "saving.js",
    "page.js",
)


def report(scores: Mapping[Path, Score], data: Path | None) -> str:
    """Make the page for some scores of one dataset, by file; the run's log is beside the file.

    data : folder of the dataset, for its images, objects and facts; None to leave these out

    Raises
    ------
    NotComparable : scores that are not comparable, or of another dataset than `data`.
    DatasetError : `data` is missing or damaged.
    """
    board = Board.of(scores, parts=True)
    about = board.about
    info = None if data is None else matching(board, data)
    pictures = None if data is None or info is None else Pictures.of(data, info, about.protocol, about.limit)
    described = descriptions.table(board)
    smoke = "" if about.limit is None else "<p class='smoke'>A smoke run on few objects: no result.</p>"
    return Template(_text("page.html")).substitute(
        style=page_style() + _text("page.css"),
        title=escape(f"Scores on {about.dataset.name}"),
        caption=escape(board.caption),
        conclusion=facts.conclusion_of(board),
        warning=smoke,
        board=table.html(board),
        legend=escape(board.legend.replace("*: best", "bold: best")),
        notes=facts.notes(board),
        descriptions=described,
        undescribed="" if described else " hidden",
        meanings=facts.metrics(board),
        dataset=facts.dataset(about, data, info),
        runs=facts.runs(board),
        protocol=facts.protocol(about),
        probes=facts.probes(board),
        published=facts.published_rows(board),
        model=embedded_json(gather(board, pictures)),
        script="".join(map(_text, SCRIPTS)),
    )


def matching(board: Board, data: Path) -> DatasetInfo:
    """Read the description of the dataset of some scores.

    Raises
    ------
    NotComparable : it is another dataset.
    DatasetError : it is missing or damaged.
    """
    info, scored = DatasetInfo.load(data), board.about.dataset
    if info.fingerprint != scored.fingerprint:
        raise NotComparable(
            f"the scores are of dataset {scored.name} with fingerprint {scored.fingerprint[:12]}, and "
            f"{data} has {info.fingerprint[:12]}: give that one with --data"
        )
    return info


def embedded_json(table: object) -> str:
    """Return JSON that cannot end the <script> element around it."""
    return json.dumps(table, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def dataset_of(scores: Mapping[Path, Score], root: Path = Path("data")) -> Path | None:
    """Find the dataset of the scores under `root`; None if it is not there."""
    fingerprints = {score.dataset.fingerprint for score in scores.values()}
    for path in sorted(root.glob(f"*/{INFO}")):
        try:
            if DatasetInfo.load(path.parent).fingerprint in fingerprints:
                return path.parent
        except DatasetError:  # foreign or unfinished
            continue
    return None


def _text(name: str) -> str:
    return (files("iebench.benchmark.report") / name).read_text(encoding="utf-8")
