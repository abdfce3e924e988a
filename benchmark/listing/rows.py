"""A run as a row of named values: its settings, its last logged step and its score."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from iebench.manifests.common.settings import flat

from ..results.reading import load_score
from ..results.score import NAME
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
        under method.NAME; the last logged values; metrics of the whole representation, unless the score is a smoke run
    """

    folder: Path
    values: Mapping[str, Any]


def row(folder: Path) -> Row:
    """Read a run.

    Raises
    ------
    RunError : the folder holds no run, or its configuration or log is damaged.
    ScoreFileError : its score file is damaged.
    """
    config, logged = RunConfig.load(folder), dict(last(folder) or {})
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
            **_scores(folder / NAME),
        },
    )


def folders(root: Path) -> list[Path]:
    """Return the folders of runs under `root`, in the order of their names."""
    return sorted(path.parent for path in root.glob(f"*/{CONFIG}"))


def _scores(path: Path) -> dict[str, float | None]:
    """Return the values of a score file by metric; {} without a file, and for a smoke run."""
    if not path.is_file():
        return {}
    score = load_score(path)
    values = score.values[WHOLE] if score.limit is None else {}
    return {metric: estimate.value for metric, estimate in values.items()}
