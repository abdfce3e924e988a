"""`iebench leaderboard`: compare scores in a table."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from iebench.manifests.common.files import write_atomic
from iebench.manifests.shell.answers import answers
from iebench.manifests.shell.cli import SETTINGS, examples
from iebench.manifests.shell.options import table_option
from iebench.manifests.shell.tables import room
from iebench.manifests.shell.values import Named

from ..metrics.known import named_metrics
from ..ranking import agreement
from ..ranking import overall as several
from ..ranking import published as reported
from ..ranking.board import Board
from ..ranking.shifts import by_shift
from ..ranking.tables import FORMATS, screen
from .gather import gather


@click.command(
    context_settings=SETTINGS,
    epilog=examples(
        "iebench leaderboard",
        "iebench leaderboard runs/sie-builtin-s0/score.json runs/vicreg-builtin-s0/score.json --parts",
        "iebench leaderboard --costs --columns top1,mrr --overall top1,rotation_degrees_mean,mrr",
        "iebench leaderboard --sort rotation_degrees_mean --format latex --out table.tex",
    ),
)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[SCORE.JSON]...")
@click.option("--parts", is_flag=True, help="Also show a row for each part of a representation.")
@click.option(
    "--sort",
    type=Named(named_metrics),
    metavar="METRIC",
    help="Metric that ranks the rows, best first.",
    show_default="top1",
)
@click.option(
    "--columns", type=Named(named_metrics, lists=True), metavar="METRIC,...", default="",
    help="Metrics with a column, in this order.", show_default="those of the protocol",
)  # fmt: skip
@click.option(
    "--overall", type=Named(named_metrics, lists=True), metavar="METRIC,...", default="",
    help="Also rank over several metrics at once: mean rank and Borda count (table and md).",
)  # fmt: skip
@click.option(
    "--costs",
    is_flag=True,
    help="Also show parameters, hours and estimated kWh of training, and images/s (table, md and latex).",
)
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="table", help="Output format.")
@click.option(
    "--published",
    is_flag=True,
    help="Also show figures of papers, without ranks, and Kendall's tau with their orders (table and md).",
)
@table_option
@answers(json=True)
def leaderboard(
    files: tuple[Path, ...],
    parts: bool,
    sort: str | None,
    columns: str,
    overall: str,
    costs: bool,
    form: str,
    published: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Compare scores of one dataset and one protocol.

    Without files: all of runs/*/score.json except smoke runs. Ranks are from a paired bootstrap over val objects. Runs
    that differ only in the training seed share a row. Scores with --ask have tables of their own, after the others.
    """
    if as_json and form not in ("table", "json"):
        raise click.UsageError(f"--json is --format json: leave out --format {form}")
    form = "json" if as_json else form
    if published and form not in reported.FORMATS:
        raise click.UsageError(
            f"--published goes with {' and '.join(reported.FORMATS)}; as CSV: manifests/published.csv"
        )
    if overall and form not in several.FORMATS:
        raise click.UsageError(f"--overall goes with {' and '.join(several.FORMATS)}")
    if columns and form in ("csv", "json"):
        raise click.UsageError(f"--columns goes with table, md and latex; {form} has every metric")
    if costs and form in ("csv", "json"):
        raise click.UsageError(f"--costs goes with table, md and latex; {form} always has them")
    chosen = _names(columns)
    scores = gather(files)
    kinds = by_shift(scores) if form in reported.FORMATS else [scores]  # other formats have one table
    boards = [replace(Board.of(kind, parts, sort or "", chosen), costs=costs) for kind in kinds]
    written = partial(screen, width=room()) if form == "table" and out is None else FORMATS[form]
    board, text = boards[0], "\n\n".join(map(written, boards))
    if overall:
        text += several.FORMATS[form](board, _names(overall))
    if published:
        text += "\n\n" + reported.FORMATS[form]() + agreement.FORMATS[form](board)
    if out is None:
        click.echo(text)
    else:
        write_atomic(out, click.unstyle(text) + "\n")
        click.echo(f"{out}: written")


def _names(text: str) -> list[str]:
    """Return the metrics in a value such as "top1,mrr", each once."""
    return list(dict.fromkeys(name.strip() for name in text.split(","))) if text else []
