"""`iebench orbits`: measure a representation while one factor is swept."""

import json
from pathlib import Path

import click

from iebench.manifests.common.progress import say
from iebench.manifests.shell.cli import SETTINGS, examples
from iebench.manifests.shell.options import device_option


@click.command(
    context_settings=SETTINGS,
    epilog=examples(
        "iebench orbits --data data/orbit    # of: iebench render --recipe orbit --out data/orbit",
        "iebench orbits --run runs/sie-builtin-s0 --data data/orbit --limit 40",
        "iebench orbits --encoder my_package.models:resnet --data data/orbit",
    ),
)
@click.option(
    "--run", "folder", type=click.Path(path_type=Path), help="Folder of a run.", show_default="newest under runs/"
)
@click.option("--encoder", "spec", metavar="SPEC", help="Encoder, as for `iebench score`.")
@click.option("--trust", is_flag=True, help="Allow the encoder to run its own code, as for `iebench score`.")
@click.option(
    "--data", type=click.Path(path_type=Path), default=Path("data/orbit"), help="Dataset that sweeps one factor."
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder of both output files.", show_default="the encoder's"
)
@device_option
@click.option("--limit", type=click.IntRange(1), help="At most this many objects per split.")
def orbits(
    folder: Path | None, spec: str | None, trust: bool, data: Path, out: Path | None, device: str, limit: int | None
) -> None:
    """Measure how features follow one factor that is swept.

    Writes similarity and the errors of value and class to orbits.json and orbits.png. Each curve is a mean over val
    objects with a 95 % interval, and the worst object. Value and class are predicted by linear probes that are fitted
    on the dataset's train objects. `iebench report` draws the curves of runs that have them.
    """
    from iebench.manifests.common.files import write_atomic  # the others import torch; here, so that --help is quick
    from iebench.manifests.dataset import DatasetInfo

    from ..distributed import device as devices
    from ..distributed.ranks import ALONE
    from ..encoders import registry
    from ..encoders.prepared import prepare
    from ..errors import EncoderError
    from ..orbits.plot import draw
    from ..orbits.sweep import orbits as measure
    from ..orbits.sweep import swept
    from ..protocol import load
    from ..results.orbits import FORMAT, NAME
    from ..scoring.score import encode_splits
    from ..statistics.bootstrap import Bootstrap
    from ..statistics.metric_info import WHOLE
    from ..statistics.ridge import WIDE
    from ..training import runs

    if folder is not None and spec is not None:
        raise click.UsageError("give one of --run and --encoder")
    recipe = DatasetInfo.load(data).recipe
    factor, where, protocol = swept(recipe, data), devices.pick(device), load()
    loaded = registry.load(f"run:{folder or runs.newest()}" if spec is None else spec, {}, trust)
    home = loaded.home or Path("runs") / loaded.name
    if out is None and limit is not None:
        _keep(home, limit)
    encoder = prepare(loaded, loaded.side(recipe.resolution), where)
    for line in encoder.introduction(recipe.resolution):
        say(line)
    if encoder.dim > WIDE:
        raise EncoderError(
            f"orbits are read from at most {WIDE:,} columns and encoder {encoder.name} has {encoder.dim:,}: pool or "
            "project its features"
        )
    train, val = encode_splits(encoder, data, home / "features", where, protocol, 0, limit, ALONE)
    measurement = measure(train.split, val.split, {WHOLE: slice(0, encoder.dim), **encoder.parts}, factor)
    bootstrap = Bootstrap.of(val.split.objects, protocol.draws, protocol.level, protocol.pair_seed)
    about = {
        "format": FORMAT, "name": encoder.name, "weights": encoder.weights, "dataset": val.fingerprint,
        "objects": val.split.objects, "limit": limit,
    }  # fmt: skip
    out_folder = out or home
    write_atomic(
        out_folder / NAME, json.dumps({**about, **measurement.as_dict(bootstrap)}, indent=1, allow_nan=False) + "\n"
    )
    write_atomic(out_folder / "orbits.png", draw(measurement, encoder.name, bootstrap))
    whole = measurement.as_dict(bootstrap)["parts"][WHOLE]
    for curve, line in whole.items():
        value, low, high = line["over_orbit"]
        worst, (where_worst, worst_value) = line["worst_of_each"][0], line["worst_place"]
        click.echo(
            f"{curve.replace('_', ' ')}: {value:.3g} [{low:.3g}, {high:.3g}] over the orbit; {worst:.3g} at each "
            f"object's worst position; {worst_value:.3g} at the worst position, {where_worst:.0f} {measurement.unit}"
        )
    click.echo(f"{out_folder / NAME} and {out_folder / 'orbits.png'}: written")


def _keep(home: Path, limit: int) -> None:
    """Refuse to replace orbits of all objects by those of a smoke run."""
    from ..errors import RunError, UsageError
    from ..results.orbits import NAME, read

    try:
        stored = read(home)
    except RunError:
        return
    if stored is not None and stored["limit"] is None:
        raise UsageError(
            f"{home / NAME} is of all objects, not of --limit {limit}: give --out, as in --out {home / f'limit{limit}'}"
        )
