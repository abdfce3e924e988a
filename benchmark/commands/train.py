"""`iebench train`: train a representation on a dataset."""

from pathlib import Path
from typing import Literal

import click

from iebench.baselines.registry import METHODS, names
from iebench.manifests.common.shipped import shipped
from iebench.manifests.shell.answers import answers, reply
from iebench.manifests.shell.cli import SETTINGS, examples
from iebench.manifests.shell.options import data_option, device_option, runs_option
from iebench.manifests.shell.values import Named, of_kind


@click.command(
    context_settings=SETTINGS,
    epilog=examples(
        "iebench train --method sie",
        "iebench train --method vicreg --data data/builtin --set steps=500 --set online.probes=true",
        "iebench train --method sie --preset sie-paper --gpus 8 --resume",
    ),
)
@click.option(
    "--method",
    type=Named(names),
    help=f"Method to train: {', '.join(sorted(METHODS))}; or a variant (see `iebench methods`).",
    show_default="sie",
)
@data_option
@click.option(
    "--preset", type=of_kind("preset"), show_default="quick",
    help=f"Shipped settings to start from: {', '.join(shipped('preset'))}.",
)  # fmt: skip
@click.option(
    "--config", "file", type=click.Path(path_type=Path), metavar="FILE",
    help="File to start from: TOML in the form of the presets, or a run's config.json, which also gives the defaults "
    "of --method, --data, --seed and --subset.",
)  # fmt: skip
@click.option(
    "--set", "assignments", multiple=True, metavar="KEY=VALUE",
    help="Setting to change: batch=64, encoder.width=0.5, or one of the method, method.covariance=2. Repeatable.",
)  # fmt: skip
@click.option(
    "--name", metavar="NAME", help="Name of the run, at most 120 characters.", show_default="METHOD-DATASET-sSEED"
)
@runs_option
@click.option(
    "--seed",
    type=click.IntRange(0),
    metavar="N",
    help="Seed of the weights and of the order of views.",
    show_default="0",
)
@device_option
@click.option(
    "--subset",
    type=click.IntRange(2),
    metavar="N",
    help="Train on N objects only, spread over the classes.",
    show_default="all",
)
@click.option(
    "--cache", type=click.Choice(["auto", "ram", "gpu", "none"]), default="auto",
    help="Memory for decoded images; auto takes the GPU's, else the machine's, if they fit into a small share of it.",
)  # fmt: skip
@click.option("--gpus", type=click.IntRange(1), metavar="N", help="Number of GPUs of this machine.", show_default="1")
@click.option("--resume", is_flag=True, help="Continue from the run's last checkpoint, if there is one.")
@answers(json=True, dry_run=True)
def train(
    method: str | None, data: Path | None, preset: str | None, file: Path | None, assignments: tuple[str, ...],
    name: str | None, out: Path, seed: int | None, device: str, gpus: int | None, subset: int | None,
    cache: Literal["auto", "ram", "gpu", "none"], resume: bool, as_json: bool, dry_run: bool,
) -> None:  # fmt: skip
    """Train an encoder on a dataset's train split.

    Weights, log and settings are written to OUT/NAME, where `iebench score` finds them.
    """
    from ..distributed.signals import QUEUES, stop_requested, stopped

    if preset is not None and file is not None:
        raise click.UsageError("give --preset or --config, not both")
    if preset is not None and preset.endswith((".toml", ".json")):
        raise click.UsageError(f"--preset {preset}: that is a file, give it to --config")
    if file is not None and file.suffix not in (".toml", ".json"):
        raise click.UsageError(f"--config {file}: give a .toml file or a run's config.json; presets go to --preset")
    with stop_requested(QUEUES) as stop:  # before the import of torch, which takes seconds
        from ..distributed.device import check_gpus
        from ..distributed.ranks import joined
        from ..forecasts.train import forecast
        from ..training.log import last
        from ..training.planning import planned
        from ..training.train import train as train_run
        from .launch import launch, train_as_rank

        if gpus is not None:
            device = check_gpus(gpus, device)
        start = str(file or preset or "quick")
        with joined(device) as ranks:
            with ranks.agreed():
                run, config = planned(method, data, start, assignments, name, out, seed, device, subset, resume)
            if dry_run:
                if ranks.first:
                    forecast(run, config, resume, ranks, gpus or ranks.size, cache).show(as_json)
                return
            if gpus is not None and gpus > 1:
                if stop.is_set():
                    raise stopped(stop.number, 0, None)
                launch(gpus, train_as_rank, run, config, resume, cache)
            else:
                train_run(run, config, resume, cache, ranks)
            if ranks.first:
                table = {"run": run, **(last(run) or {})}
                reply(as_json, table, [f"{run}: trained; score it with `iebench score --run {run}`"])
