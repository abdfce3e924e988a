"""A run as a row of named values: its settings, its last logged step and its scores."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from iebench.manifests.common.settings import flat

from ..errors import IebenchError
from ..results.of_run import scores_of
from ..results.score import NAME, Score
from ..statistics.metric_info import WHOLE
from ..training.config import CONFIG, RunConfig
from ..training.log import last
from ..training.runs import WEIGHTS

DONE, UNFINISHED = "done", "unfinished"


@dataclass(frozen=True)
class Row:
    """A run.

    folder : folder of the run
    values : name -> value: run, method, data, seed, status and step; settings under their names, those of the method
        under method.NAME; the last logged values; the number of its scores; metrics of the whole representation in
        score.json, unless that is a smoke run
    scores : the run's score files
    """

    folder: Path
    values: Mapping[str, Any]
    scores: Mapping[Path, Score]


def row(folder: Path) -> Row:
    """Read a run.

    Raises
    ------
    RunError : the folder holds no run, or its configuration or log is damaged.
    ScoreFileError : a score in its folder is damaged.
    """
    config, logged, scores = RunConfig.load(folder), dict(last(folder) or {}), scores_of(folder)
    return Row(
        folder,
        {
            "run": folder.name,
            "method": config.method,
            "data": config.data.name,
            "seed": config.seed,
            "status": DONE if (folder / WEIGHTS).is_file() else UNFINISHED,
            "step": int(logged.pop("step", 0)),
            "resolution": config.resolution,
            "subset": config.subset,
            **{
                name: value for name, value in flat(dataclasses.asdict(config.settings)).items() if name != "resolution"
            },
            **{f"method.{name}": value for name, value in flat(config.method_settings).items()},
            **logged,
            "scores": len(scores),
            **metrics(scores.get(folder / NAME)),
        },
        scores,
    )


def rows_in(runs: Iterable[Path]) -> tuple[list[Row], list[IebenchError]]:
    """Read runs; the second list has the errors of those that are damaged."""
    rows, damaged = [], []
    for folder in runs:
        try:
            rows.append(row(folder))
        except IebenchError as error:
            damaged.append(error)
    return rows, damaged


def folders(root: Path) -> list[Path]:
    """Return the folders of runs under `root`, in the order of their names."""
    return sorted(path.parent for path in root.glob(f"*/{CONFIG}"))


def metrics(score: Score | None) -> dict[str, float | None]:
    """Return the values of a score of the whole representation by metric; {} without a score, and for a smoke run."""
    if score is None or score.limit is not None:
        return {}
    return {metric: estimate.value for metric, estimate in score.values[WHOLE].items()}
