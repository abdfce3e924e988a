"""The table of a sweep: one row for each method and setting, mean and spread over its seeds."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from iebench.manifests.common.files import write_atomic

from ..leaderboard import Board
from ..measures import MEASURES, WHOLE
from ..results import Score
from .plan import Planned

START, END = "<!-- table -->\n", "<!-- /table -->"  # around the table of a page


@dataclass(frozen=True)
class Row:
    """One part of one method's representation. values : metric -> one number of each seed."""

    label: str
    part: str
    values: Mapping[str, Sequence[float]]


def write(path: Path, runs: Sequence[Planned]) -> None:
    """Write the scores of some runs as a Markdown table; into a page between its lines START and END, if it has them.

    Raises
    ------
    DiskError : the file cannot be written.
    NotComparable : they are of several protocols or datasets.
    ScoreFileError : a score is damaged.
    """
    scores = {run.score: Score.load(run.score) for run in runs}
    board = Board.of(scores, parts=True)
    groups: dict[str, list[Score]] = {}
    for run in runs:
        groups.setdefault(run.label, []).append(scores[run.score])
    text = markdown(rows(groups), board.columns, board.floors, board.caption) + "\n"
    page = path.read_text(encoding="utf-8") if path.is_file() else ""
    before, start, rest = page.partition(START)
    _, end, after = rest.partition(END)
    write_atomic(path, f"{before}{START}\n{text}\n{END}{after}" if start and end else text)


def rows(groups: Mapping[str, Sequence[Score]]) -> list[Row]:
    """The rows of some labels' scores, the best of the first metric first, parts after their whole."""
    first = next(iter(MEASURES))
    ordered = sorted(groups.items(), key=lambda item: -statistics.mean(s.values[WHOLE][first].value for s in item[1]))
    return [
        Row(label, part, {m: [s.values[part][m].value for s in scores] for m in measured})
        for label, scores in ordered
        for part, measured in scores[0].values.items()
    ]


def markdown(rows: Sequence[Row], metrics: Sequence[str], floors: Mapping[str, float], about: str) -> str:
    """A GitHub table: mean ± standard deviation over seeds."""
    titles = ["method", "part", "seeds", *(MEASURES[m].title for m in metrics)]
    body = [titles, ["---", "---", "---:", *("---:" for _ in metrics)]]
    for row in rows:
        seeds = str(len(next(iter(row.values.values()))))
        whole = row.part == WHOLE
        cells = [spread(m, row.values[m]) if m in row.values else "–" for m in metrics]
        body.append([f"**{row.label}**" if whole else "", row.part, seeds if whole else "", *cells])
    body.append(["floor", "", "", *(MEASURES[m].show(floors[m]) for m in metrics)])
    lines = ["| " + " | ".join(line) + " |" for line in body]
    legend = "Mean ± standard deviation over training seeds; floor: a constant or chance answer"
    return "\n".join([*lines, "", f"{about}. {legend}."])


def spread(metric: str, values: Sequence[float]) -> str:
    """Mean and standard deviation as tables print them; of one value the value.

    >>> spread("top1", [0.4, 0.5, 0.6]), spread("mrr", [0.25])
    ('50.0 ± 10.0', '0.250')
    """
    shown = MEASURES[metric].show
    mean = shown(statistics.mean(values))
    return f"{mean} ± {shown(statistics.stdev(values))}" if len(values) > 1 else mean
