"""Fixtures shared by tests of trainings and scores; PyTorch is imported inside them, as it may not be installed."""

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
from made_once import shared
from plans import plan_of

from iebench.benchmark.data.properties import recipe_for
from iebench.benchmark.report import report
from iebench.benchmark.results.score import Score
from iebench.renderer.blender.interface import FAKE
from iebench.renderer.rendering.render import render_dataset


@pytest.fixture(scope="session")
def tiny_for(tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return the tiny dataset of a method: the objects of `tiny_dataset`, by the recipe that the method needs."""
    from iebench.baselines.method import find

    folders = {"": tiny_dataset}

    def dataset(method: str) -> Path:
        entry = find(method)
        needed = entry.needs(entry.defaults()).pictures
        recipe = recipe_for(needed) if needed else ""
        if recipe not in folders:
            plan = plan_of(recipe=recipe)
            folders[recipe] = shared(
                tmp_path_factory, recipe, lambda folder: render_dataset(plan, folder, workers=2, backend=FAKE)
            )
        return folders[recipe]

    return dataset


@pytest.fixture(scope="session")
def twenty(tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Score]:
    """Scores of 20 made-up methods on the tiny dataset, by file. Read only."""
    from boards import made_up

    def make(folder: Path) -> None:
        scores = made_up(tiny_dataset, folder, 20)
        (folder / "scores.pickle").write_bytes(pickle.dumps(scores))

    folder = shared(tmp_path_factory, "twenty", make)
    scores: dict[Path, Score] = pickle.loads((folder / "scores.pickle").read_bytes())
    return scores


@pytest.fixture(scope="session")
def page(twenty: dict[Path, Score], tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Report of these scores."""

    def make(file: Path) -> None:
        file.write_text(report(twenty, tiny_dataset), encoding="utf-8")

    return shared(tmp_path_factory, "page", make).read_text(encoding="utf-8")
