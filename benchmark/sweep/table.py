"""The table of a sweep: its leaderboard as Markdown, in a separate file or inside a page."""

from collections.abc import Sequence
from pathlib import Path

from iebench.manifests.common.files import write_atomic

from ..ranking.board import Board
from ..ranking.tables import markdown
from ..results.reading import load_scores
from .plan import Planned

START, END = "<!-- table -->\n", "<!-- /table -->"  # around the table of a page


def write(path: Path, runs: Sequence[Planned]) -> None:
    """Write the leaderboard of some runs, seeds in one row, with parts; a page keeps its text outside START and END.

    Raises
    ------
    NotComparable : scores of several protocols or datasets.
    ScoreFileError : a damaged score.
    DiskError : the file cannot be written.
    """
    insert(path, markdown(Board.of(load_scores([run.score for run in runs]), parts=True)))


def insert(path: Path, text: str) -> None:
    """Write a text to a file, in a page only between START and END.

    Raises
    ------
    DiskError : the file cannot be written.
    """
    page = path.read_text(encoding="utf-8") if path.is_file() else ""
    before, start, rest = page.partition(START)
    _, end, after = rest.partition(END)
    write_atomic(path, f"{before}{start}\n{text}\n\n{end}{after}" if end else f"{text}\n")
