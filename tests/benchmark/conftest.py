"""Fixtures shared by tests of scores."""

from pathlib import Path

import pytest
from boards import made_up

from iebench.benchmark.report import report
from iebench.benchmark.results.score import Score


@pytest.fixture(scope="session")
def twenty(tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Score]:
    """Scores of 20 made-up methods on the tiny dataset, by file. Read only."""
    return made_up(tiny_dataset, tmp_path_factory.mktemp("runs"), 20)


@pytest.fixture(scope="session")
def page(twenty: dict[Path, Score], tiny_dataset: Path) -> str:
    """Report of these scores."""
    return report(twenty, tiny_dataset)
