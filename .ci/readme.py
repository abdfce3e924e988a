"""The README's opening from a finished demo: its table with the conclusion, and two figures.

python .ci/readme.py demo        writes README.md between its marks, and docs/pictures/*.svg
"""

import sys
from pathlib import Path

from iebench.benchmark.demo.plan import COLUMNS, Plan
from iebench.benchmark.ranking.board import Board
from iebench.benchmark.ranking.tables import markdown
from iebench.benchmark.report import figures
from iebench.benchmark.results.reading import load_scores
from iebench.benchmark.sweep.table import insert

ROOT = Path(__file__).parents[1]


def write(demo: Path, root: Path) -> list[Path]:
    """Write the opening of the README under `root` from the demo's folder; returns the written files."""
    plan = Plan.of(demo)
    scores = load_scores(plan.scores)
    readme = root / "README.md"
    insert(readme, markdown(Board.of(scores, parts=True, columns=COLUMNS)))
    return [readme, *figures.write(root / "docs/pictures", scores, plan.data)]


if __name__ == "__main__":
    for path in write(Path(sys.argv[1]), ROOT):
        sys.stdout.write(f"{path}: written\n")
