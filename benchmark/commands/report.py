"""`iebench report`: everything about some scores on one page."""

from pathlib import Path

import click

from iebench.manifests.common.cli import SETTINGS, examples


@click.command(
    context_settings=SETTINGS,
    epilog=examples(
        "iebench report",
        "iebench report --data data/builtin --out report.html",
        "iebench report --data data/builtin runs/sie-builtin-s0/score.json runs/vicreg-builtin-s0/score.json",
    ),
)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[SCORE.JSON]...")
@click.option("--data", type=click.Path(path_type=Path), help="The scores' dataset.", show_default="newest under data/")
@click.option("--out", type=click.Path(path_type=Path), default=Path("report.html"), help="The page.")
def report(files: tuple[Path, ...], data: Path | None, out: Path) -> None:
    """Write one self-contained HTML page: leaderboard, contact sheet, training curves, dataset, machines, protocol.

    Without files: all of runs/*/score.json.
    """
    from iebench.manifests.common.files import write_atomic  # the rest with matplotlib, so that --help is quick
    from iebench.manifests.dataset import newest

    from ..report import report as make_report
    from ..results import load_all

    write_atomic(out, make_report(load_all(files), data or newest()))
    click.echo(f"{out}: written; open it in a browser")
