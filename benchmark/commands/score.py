"""`iebench score`: measure what a representation knows."""

from pathlib import Path

import click

from iebench.manifests.common.cli import SETTINGS, examples


@click.command(
    context_settings=SETTINGS,
    epilog=examples(
        "iebench score",
        "iebench score --run runs/sie-builtin-s0 --data data/other --out other.json",
        "iebench score --encoder my_package.models:resnet --data data/builtin    # or a folder of `iebench convert`",
    ),
)
@click.option(
    "--run", "folder", type=click.Path(path_type=Path), help="A run's folder.", show_default="newest under runs/"
)
@click.option(
    "--encoder", metavar="PACKAGE.MODULE:FACTORY|FOLDER",
    help="Score the module that a callable returns instead, or a converted checkpoint.",
)  # fmt: skip
@click.option(
    "--data", type=click.Path(path_type=Path), help="A dataset's folder.",
    show_default="the run's; with --encoder the newest under data/",
)  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), help="The JSON file.", show_default="RUN/score.json")
@click.option(
    "--resolution", type=click.IntRange(8), help="Side in pixels of the images given to the encoder.",
    show_default="the run's or the checkpoint's; with a callable the dataset's",
)  # fmt: skip
@click.option(
    "--protocol", "rules", default="strict", metavar="NAME|FILE", show_default=True,
    help="How: strict, released, or a TOML file of your own (docs/protocols.md).",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=0, help="Of the probes' weights and orders.")
@click.option(
    "--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", help="auto: a GPU if there is one."
)
@click.option("--limit", type=click.IntRange(1), help="Take only so many objects of each split: a smoke run.")
def score(
    folder: Path | None, encoder: str | None, data: Path | None, out: Path | None, resolution: int | None, rules: str,
    seed: int, device: str, limit: int | None,
) -> None:  # fmt: skip
    """Score an encoder: class, rotation and colour from its features, and its predictor if it has one.

    The encoder is frozen. Every view is encoded once into RUN/features; probes learn on the train split and are
    measured on val, with 95 % intervals over val objects and the floor of a constant answer.
    """
    from iebench.manifests import dataset  # the rest with torch, so that --help is quick

    from .. import device as devices
    from .. import runs
    from ..converted import FACTS
    from ..encoder import data_of, from_factory, from_folder, from_run
    from ..leaderboard import Board
    from ..protocol import load
    from ..results import NAME
    from ..score import score as score_encoder
    from ..tables import screen

    if folder is not None and encoder is not None:
        raise click.UsageError("give --run or --encoder, not both")
    protocol, where = load(rules), devices.pick(device)
    if encoder is not None:
        data = data or dataset.newest()
        home = Path(encoder)
        if (home / FACTS).is_file():
            scored = from_folder(home, resolution, where)
        else:
            scored = from_factory(encoder, resolution or dataset.DatasetInfo.load(data).recipe.resolution, where)
            home = Path("runs") / scored.name
    else:
        home = folder or runs.newest()
        scored = from_run(home, resolution, where)
        data = data or data_of(home)
    result = score_encoder(scored, data, home / "features", where, protocol, seed, limit)
    out = out or home / NAME
    result.save(out)
    click.echo(screen(Board.of({out: result}, parts=True)))
    click.echo(f"{out}: written; compare with `iebench leaderboard`")
