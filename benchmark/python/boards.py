"""`leaderboard`: what `iebench leaderboard` shows, as an object."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.text import Text

from ..errors import MissingPart, ScoreFileError
from ..ranking import agreement, overall, tables
from ..ranking.board import Board
from ..ranking.html import as_html
from ..results.reading import load_score
from ..results.score import Score

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False)
class Leaderboard:
    """Scores side by side, ranked; `print` it, or turn it into another form.

    board : rows, metrics, floors and notes, for programs
    """

    board: Board

    def __str__(self) -> str:
        return click.unstyle(tables.screen(self.board))

    __repr__ = __str__

    def __rich__(self) -> Text:
        return Text.from_ansi(tables.screen(self.board), no_wrap=True)

    def _repr_html_(self) -> str:
        return self.to_html()  # what notebooks show

    def agreement(
        self, metric: str, column: str = "", *, source: str = agreement.SOURCE, table: str = agreement.TABLE
    ) -> agreement.Agreement:
        """Compare the order of methods with a published table's: Kendall's tau-b and its bootstrap interval.

        metric : of the whole representation; column : of manifests/published.csv, "" for that of the metric
        source, table : paper and table, by default seq-JEPA's table 1

        Raises
        ------
        UnknownName, UsageError : no such table, column or metric, or fewer than three methods in common.
        """
        return agreement.agreement(self.board, metric, column, source=source, table=table)

    def overall(self, *metrics: str) -> list[overall.Standing]:
        """Rank over several metrics at once: mean rank and Borda count with their intervals, best first.

        Raises
        ------
        UnknownName, UsageError : no such metric, or fewer than two metrics or rows.
        """
        return overall.overall(self.board, metrics)

    def to_html(self) -> str:
        """Return a table for a page."""
        return as_html(self.board)

    def to_markdown(self) -> str:
        """Return a GitHub table."""
        return tables.markdown(self.board)

    def to_latex(self) -> str:
        """Return a tabular for the booktabs package."""
        return tables.latex(self.board)

    def to_csv(self) -> str:
        """Return every metric in full precision, as CSV."""
        return tables.comma_separated(self.board)

    def to_json(self) -> str:
        """Return every metric in full precision, with the files of each row and the dataset, as JSON."""
        return tables.as_json(self.board)

    def to_pandas(self) -> "pd.DataFrame":
        """Return the table of `to_csv` as a data frame.

        Raises
        ------
        MissingPart : pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError:
            raise MissingPart("pandas is not installed: pip install pandas, or use to_csv()") from None
        titles, rows = tables.records(self.board)
        return pd.DataFrame(rows, columns=titles)


def leaderboard(
    scores: Iterable[Score | Path | str], *, sort: str = "", parts: bool = False, costs: bool = False
) -> Leaderboard:
    """Compare scores of one dataset and one protocol.

    scores : results of `score`, and paths of score files
    sort : the metric that ranks the rows; "" for the first
    parts : True for rows of the representations' parts too
    costs : True for columns with parameters, hours and estimated kWh of training, and images/s

    Raises
    ------
    NotComparable : scores of different datasets or protocols.
    ScoreFileError : no scores, or a file that is missing or damaged.
    UnknownName, UsageError : no such metric, or no score has it.
    """
    if isinstance(scores, Score | str | os.PathLike):
        raise ScoreFileError("leaderboard takes a list of scores: write leaderboard([result])")
    named: dict[Path, Score] = {}
    for entry in scores:
        if isinstance(entry, Score):
            named[_free(entry.name, named)] = entry
        else:
            named[Path(entry)] = load_score(Path(entry))
    return Leaderboard(replace(Board.of(named, parts, sort), costs=costs))


def _free(name: str, taken: Iterable[Path]) -> Path:
    """Return a key for a score that has no file: its name, numbered if the name is taken."""
    number, path, paths = 1, Path(name), set(taken)
    while path in paths:
        number, path = number + 1, Path(f"{name} {number + 1}")
    return path
