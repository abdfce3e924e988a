"""`train`: what `iebench train` does; returns the run."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iebench.manifests.common.settings import check_finite
from iebench.manifests.installed.parts import require_plots

from ..errors import SettingError
from .datasets import Dataset, folder_of

if TYPE_CHECKING:
    from torch import nn

    from iebench.manifests.pages.figures import Picture

    from ..data.pixel_cache import Cache
    from ..results.score import Score
    from ..training.config import RunConfig


@dataclass(frozen=True)
class Run:
    """A run that `train` or `iebench train` made, by its folder."""

    folder: Path

    @property
    def config(self) -> "RunConfig":
        """The settings.

        Raises
        ------
        RunError : no run there, or a damaged one.
        """
        from ..training.config import RunConfig

        return RunConfig.load(self.folder)

    @property
    def history(self) -> list[dict[str, float]]:
        """The lines of metrics.jsonl: step, loss and so on.

        Raises
        ------
        RunError : the log is damaged.
        """
        from ..training.log import read

        return list(read(self.folder))

    @property
    def scores(self) -> "dict[Path, Score]":
        """The scores that `score` and `iebench score` made of this run, by file; score.json first.

        Raises
        ------
        ScoreFileError : one in the run's folder is damaged.
        """
        from ..results.of_run import scores_of

        return scores_of(self.folder)

    def plot(self) -> "Picture":
        """Draw the loss and every other logged value over the steps; a notebook shows the picture.

        Raises
        ------
        MissingPart : matplotlib is not installed.
        RunError : the log is damaged, or there is nothing in it.
        """
        require_plots()
        from .curves import figure

        return figure(self.history, self.folder.name)

    def encoder(self) -> "nn.Module":
        """Return the trained encoder, on the CPU and in eval mode: images (B, 3, H, W) in [0, 1] to (B, D).

        Raises
        ------
        RunError : no finished run there, or a damaged one.
        """
        from ..training.runs import load

        return load(self.folder)[0].encoder


def train(
    method: str | None = None,
    data: Dataset | Path | str | None = None,
    /,
    *,
    preset: Path | str = "quick",
    name: str | None = None,
    out: Path | str = "runs",
    seed: int | None = None,
    device: str = "auto",
    subset: int | None = None,
    cache: "Cache" = "auto",
    resume: bool = False,
    **settings: Any,
) -> Run:
    """Train a method on a dataset's train split; the same settings give the same weights as `iebench train`.

    method : None for "sie"
    data : None for the newest dataset under data/
    preset : a shipped preset's name, a TOML file, or a run's config.json
    name : of the run, in the folder `out`; None for METHOD-DATASET-sSEED
    seed : of the weights and the order of views; None for 0
    subset : number of objects; None for all
    cache : where decoded images are kept: "auto", "ram", "gpu" or "none"
    resume : True to go on from the run's last checkpoint
    settings : what --set changes, as in steps=500, encoder={"width": 0.5}, method={"covariance": 2}

    Raises
    ------
    UnknownName, SettingError : no such method, preset or setting, or an invalid value.
    IebenchError : see `iebench.benchmark.training.train`.
    """
    from ..training.planning import planned
    from ..training.train import train as train_run

    assignments = list(assigned(settings))
    run, config = planned(
        method, folder_of(data), str(preset), assignments, name, Path(out), seed, device, subset, resume
    )
    train_run(run, config, resume, cache)
    return Run(run)


def assigned(settings: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield settings as `--set` takes them.

    Raises
    ------
    SettingError : a value that TOML cannot hold.

    >>> list(assigned({"steps": 5, "encoder": {"width": 0.5}, "optimizer": "sgd"}))
    ['steps=5', 'encoder.width=0.5', 'optimizer="sgd"']
    """
    for key, value in settings.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from assigned(value, f"{name}.")
            continue
        check_finite(value, name)
        try:
            text = json.dumps(value, ensure_ascii=False)
        except (TypeError, ValueError):
            text = "null"
        if "null" in text and not isinstance(value, str):
            raise SettingError(f"{name} is {value!r:.80}: give a number, a text, True, False or a list of them")
        yield f"{name}={text}"
