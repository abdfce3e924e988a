"""`iebench train`: learn a representation from a dataset."""

import dataclasses
from importlib.metadata import entry_points
from pathlib import Path

import click

from iebench.manifests.common.cli import SETTINGS, examples

METHODS = sorted({point.name for point in entry_points(group="iebench.methods")})  # without importing torch


@click.command(
    context_settings=SETTINGS,
    epilog=examples(
        "iebench train --method sie",
        "iebench train --method vicreg --data data/builtin --set steps=500 --set batch=128",
        "iebench train --method sie --preset paper --device cuda --resume",
    ),
)
@click.option(
    "--method",
    default="sie",
    help=f"What to train: {', '.join(METHODS)}; or a variant (see `iebench methods`).",
)
@click.option("--data", type=click.Path(path_type=Path), help="A dataset's folder.", show_default="newest under data/")
@click.option("--preset", default="quick", help="Settings to start from: quick, paper, or a TOML file.")
@click.option(
    "--set", "assignments", multiple=True, metavar="KEY=VALUE",
    help="Change a setting of the preset (batch=64, encoder.width=0.5) or of the method (method.covariance=2).",
)  # fmt: skip
@click.option("--name", help="Name of the run.", show_default="METHOD-DATASET-sSEED")
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs"), help="Folder that holds the runs.")
@click.option("--seed", type=click.IntRange(0), default=0, help="Of the weights and the order of views.")
@click.option(
    "--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", help="auto: a GPU if there is one."
)
@click.option("--resume", is_flag=True, help="Go on from the run's last checkpoint, if it has one.")
def train(
    method: str, data: Path | None, preset: str, assignments: tuple[str, ...], name: str | None, out: Path, seed: int,
    device: str, resume: bool,
) -> None:  # fmt: skip
    """Train an encoder on a dataset's train split and keep it, its log and its settings in OUT/NAME."""
    from iebench.manifests.dataset import DatasetInfo, newest

    from ..config import RunConfig, resolve, versions
    from ..device import pick
    from ..train import train as train_run

    settings, own = resolve(method, preset, assignments)
    data = data or newest()
    info = DatasetInfo.load(data)
    config = RunConfig(
        method=method,
        method_settings=dataclasses.asdict(own),
        settings=settings,
        data=data.resolve(),
        fingerprint=info.fingerprint,
        resolution=settings.side(info.recipe.resolution),
        seed=seed,
        device=str(pick(device)),
        versions=versions(),
    )
    run = out / (name or f"{method}-{data.resolve().name}-s{seed}")
    train_run(run, config, resume)
    click.echo(f"{run}: trained; score it with `iebench score --run {run}`")
