"""`iebench methods`: list the methods that can be trained."""

from pathlib import Path

import click

from iebench.baselines.registry import names as known
from iebench.manifests.shell.answers import answers, print_json
from iebench.manifests.shell.cli import SETTINGS, examples
from iebench.manifests.shell.options import table_option
from iebench.manifests.shell.values import Named


@click.command(
    context_settings=SETTINGS,
    epilog=examples(
        "iebench methods",
        "iebench methods sie vicreg simclr",
        "iebench methods --format md --out docs/reference/methods.md",
    ),
)
@click.argument("names", nargs=-1, type=Named(known), metavar="[METHOD]...")
@click.option("--format", "form", type=click.Choice(["table", "md"]), default="table", help="Output format.")
@table_option
@answers(json=True)
def methods(names: tuple[str, ...], form: str, out: Path | None, as_json: bool) -> int:
    """List methods and variants: needs, parts, size and cost of each.

    Sizes are for the default settings with a ResNet-18; nothing is trained. A broken package of another author is
    reported and left out; the exit code is then 3.
    """
    from iebench.manifests.common.files import write_atomic  # the others import torch; here, so that --help is quick

    from .catalogue import everything, installed, settings
    from .method_page import FORMATS

    listed, broken = (everything(names), []) if names else installed()
    if as_json:
        if out is not None or form != "table":
            raise click.UsageError("--json prints: leave out --out and --format")
        print_json(
            {
                row.entry.name: {
                    "base": row.entry.base, "about": row.about, "condition": row.condition, "parts": row.parts,
                    "predictor": row.predictor, "encoder": row.encoder, "heads": row.heads, "cost": row.cost,
                    "settings": {name: default for name, default, _ in settings(row.entry)},
                }
                for row in listed
            }
        )  # fmt: skip
    elif out is None:
        click.echo(FORMATS[form](listed))
    else:
        write_atomic(out, click.unstyle(FORMATS[form](listed)) + "\n")
        click.echo(f"{out}: written")
    for error in broken:
        click.echo(f"iebench: {error}", err=True)
    return 3 if broken else 0
