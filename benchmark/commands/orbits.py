"""`iebench orbits`: measure a representation while one factor is swept."""

from pathlib import Path

import click

from iebench.manifests.shell.answers import answers, reply
from iebench.manifests.shell.cli import SETTINGS, examples
from iebench.manifests.shell.options import device_option, run_option
from iebench.manifests.shell.values import DATASET


@click.command(
    context_settings=SETTINGS,
    epilog=examples(
        "iebench orbits --data data/orbit    # of: iebench render --recipe orbit --out data/orbit",
        "iebench orbits --run runs/sie-builtin-s0 --data data/orbit --limit 40",
        "iebench orbits --encoder my_package.models:resnet --data data/orbit",
    ),
)
@run_option
@click.option("--encoder", "spec", metavar="SPEC", help="Encoder, as for `iebench score`.")
@click.option("--trust", is_flag=True, help="Allow the encoder to run its own code, as for `iebench score`.")
@click.option("--data", type=DATASET, default=Path("data/orbit"), help="Dataset that sweeps one factor.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder of both output files.", show_default="the encoder's"
)
@device_option
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most this many objects per split.")
@answers(json=True, dry_run=True)
def orbits(
    folder: Path | None, spec: str | None, trust: bool, data: Path, out: Path | None, device: str, limit: int | None,
    as_json: bool, dry_run: bool,
) -> None:  # fmt: skip
    """Measure how features change while one factor is swept.

    Writes similarity and the errors of value and class to orbits.json and orbits.png. Each curve is a mean over val
    objects with a 95 % interval, and the worst object. Value and class are predicted by linear probes that are fitted
    on the dataset's train objects. `iebench report` draws the curves of runs that have them.
    """
    from ..distributed import device as devices  # the others import torch; here, so that --help is quick
    from ..encoders import registry
    from ..forecasts.encoding import Side, forecast
    from ..results.orbits import NAME
    from ..scoring.orbits import PICTURE, home_of, measure_orbits_of, prepared_for_orbits
    from ..training import runs

    if folder is not None and spec is not None:
        raise click.UsageError("give one of --run and --encoder")
    where = devices.pick(device)
    loaded = registry.load(f"run:{folder or runs.newest()}" if spec is None else spec, {}, trust)
    if out is None and limit is not None:
        _keep(home_of(loaded), limit)
    if dry_run:
        factor, encoder = prepared_for_orbits(loaded, data, where)
        files = [(out or home_of(loaded)) / name for name in (NAME, PICTURE)]
        side = Side(encoder, data, home_of(loaded) / "features")
        forecast([side], where, limit, files, f"curves over {factor.name}").show(as_json)
        return
    measured = measure_orbits_of(loaded, data, where, limit)
    paths = measured.save(out or home_of(loaded))
    lines = [*measured.lines(), f"{' and '.join(map(str, paths))}: written"]
    reply(as_json, {"written": paths, **measured.table}, lines)


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
