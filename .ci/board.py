"""The repository's board: adds score files to benchmark/scores and renews the tables in its README.

python .ci/board.py runs/*/score.json        without files, only the tables are renewed
"""

import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from iebench.benchmark.commands.validate import faults
from iebench.benchmark.errors import NotComparable, ScoreFileError
from iebench.benchmark.ranking import overall
from iebench.benchmark.ranking.board import Board
from iebench.benchmark.ranking.conclusion import CLASS, ROTATION, measured
from iebench.benchmark.ranking.tables import markdown
from iebench.benchmark.results.reading import load_score, load_scores
from iebench.benchmark.statistics.metric_info import WHOLE
from iebench.benchmark.sweep.table import insert

BOARD = Path("benchmark/scores")  # relative to the root of the repository, since tables may name files


def add(files: Sequence[Path], board: Path = BOARD) -> list[Path]:
    """Copy score files to DATASET/NAME.json under the board, and renew the tables; returns the copies.

    Raises
    ------
    ScoreFileError : a file is not valid, or two files would have one name; nothing is copied.
    NotComparable : the scores of a dataset, old and new, do not share a table; nothing is copied.
    """
    sentences = [sentence for file in files for sentence in faults(file)]
    if sentences:
        raise ScoreFileError("\n".join(sentences))
    copies: dict[Path, Path] = {}
    for file in files:
        score = load_score(file)
        if score.shift is not None:
            raise ScoreFileError(f"{file} is a score under a shift (--ask): the board has ordinary scores")
        copy = board / score.dataset.name / f"{score.name}.json"
        if copy in copies:
            raise ScoreFileError(f"{copies[copy]} and {file} are both called {score.name}: rename one of their folders")
        copies[copy] = file
    for folder in {copy.parent for copy in copies}:
        present = {path: path for path in folder.glob("*.json")} | {
            c: f for c, f in copies.items() if c.parent == folder
        }
        Board.of(load_scores(list(present.values())), parts=True)
    for copy, file in copies.items():
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    write(board)
    return list(copies)


def write(board: Path = BOARD) -> None:
    """Write the table of every dataset between the marks of the board's README."""
    insert(board / "README.md", "\n\n".join(map(section, sorted(path for path in board.iterdir() if path.is_dir()))))


def section(folder: Path) -> str:
    """Return the part of the README about one dataset: a heading, and what `iebench leaderboard` prints."""
    table = replace(Board.of(load_scores(sorted(folder.glob("*.json"))), parts=True), costs=True)
    both = [metric for metric in (measured(table, CLASS), measured(table, ROTATION)) if metric]
    several = len(both) > 1 and len([row for row in table.rows if row.part == WHOLE]) > 1
    return f"## {folder.name}\n\n{markdown(table)}{overall.markdown(table, both) if several else ''}"


if __name__ == "__main__":
    try:
        for path in add([Path(name) for name in sys.argv[1:]]):
            sys.stdout.write(f"{path}: written\n")
    except (NotComparable, ScoreFileError) as error:
        sys.exit(str(error))
