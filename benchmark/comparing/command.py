"""`iebench compare`: two encoders on one dataset."""

from pathlib import Path

import click

from iebench.manifests.common.files import write_atomic
from iebench.manifests.installed.parts import require_plots
from iebench.manifests.shell.answers import answers, print_json
from iebench.manifests.shell.cli import SETTINGS, examples
from iebench.manifests.shell.options import device_option, protocol_option
from iebench.manifests.shell.values import DATASET, ENCODER


@click.command(
    context_settings=SETTINGS,
    epilog=examples(
        "iebench compare runs/sie-builtin-s0 runs/vicreg-builtin-s0",
        "iebench compare runs/sie-builtin-s0 timm:resnet18 --plot sie-resnet.png",
        "iebench compare mine.parquet theirs.parquet --data data/builtin --json",
    ),
)
@click.argument("first", metavar="A", type=ENCODER)
@click.argument("second", metavar="B", type=ENCODER)
@click.option(
    "--data", type=DATASET, help="Folder of the dataset.",
    show_default="that of A's run; else the newest under data/",
)  # fmt: skip
@protocol_option
@click.option("--trust", is_flag=True, help="Allow the encoders to run their own code, as for `iebench score`.")
@device_option
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Smoke run: at most this many objects per split.")
@click.option("--plot", type=click.Path(path_type=Path), metavar="FILE.png", help="Also draw the comparison.")
@answers(json=True, dry_run=True)
def compare(
    first: str, second: str, data: Path | None, rules: str, trust: bool, device: str, limit: int | None,
    plot: Path | None, as_json: bool, dry_run: bool,
) -> None:  # fmt: skip
    """Compare two encoders: similarity, factors, heads of one on the other.

    A and B are folders of runs or their score.json, Parquet files of features, or what `iebench score --encoder` takes.
    It prints their similarity up to rotation and scale (linear CKA, Procrustes, RSA), the rank correlation of the
    distances of each with the rotation, the hues and the class, and the accuracy of linear heads that are trained on
    one and used on the other through relative representations. Every value has a 95 % interval over val objects.
    """
    from ..distributed import device as devices  # these import torch; here, so that --help is quick
    from ..forecasts.encoding import Side, forecast
    from ..protocol import load
    from .compare import compared
    from .output import screen
    from .sides import subject_of

    if plot is not None:
        if plot.suffix != ".png":
            raise click.UsageError(f"--plot writes a PNG: name the file {plot.with_suffix('.png')}")
        require_plots()
    where = devices.pick(device)
    left = subject_of(first, data, where, trust)
    right = subject_of(second, left.data, where, trust)
    if dry_run:
        sides = [Side(side.encoder, side.data, side.features) for side in (left, right)]
        forecast(sides, where, limit, [] if plot is None else [plot], "comparisons of both").show(as_json)
        return
    comparison = compared([left, right], where, load(rules), limit)
    if as_json:
        print_json(comparison.as_dict())
    else:
        click.echo(screen(comparison))
    if plot is not None:
        from .plot import draw

        write_atomic(plot, draw(comparison))
        click.echo(f"{plot}: written", err=as_json)
