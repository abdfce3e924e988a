"""`iebench methods`: list the methods that can be trained."""

from pathlib import Path

import click

from iebench.manifests.shell.cli import SETTINGS, examples
from iebench.manifests.shell.options import table_option


@click.command(
    context_settings=SETTINGS,
    epilog=examples(
        "iebench methods",
        "iebench methods sie vicreg simclr",
        "iebench methods --format md --out docs/reference/methods.md",
    ),
)
@click.argument("names", nargs=-1, metavar="[METHOD]...")
@click.option("--format", "form", type=click.Choice(["table", "md"]), default="table", help="Output format.")
@table_option
def methods(names: tuple[str, ...], form: str, out: Path | None) -> int:
    """List methods and variants: needs, parts, size and cost of each.

    Sizes are for the default settings with a ResNet-18; nothing is trained. A broken package of another author is
    reported and left out; the exit code is then 3.
    """
    from iebench.manifests.common.files import write_atomic  # the others import torch; here, so that --help is quick

    from .catalogue import everything, whole
    from .method_page import FORMATS

    listed, broken = (everything(names), []) if names else whole()
    text = FORMATS[form](listed)
    if out is None:
        click.echo(text)
    else:
        write_atomic(out, click.unstyle(text) + "\n")
        click.echo(f"{out}: written")
    for error in broken:
        click.echo(f"iebench: {error}", err=True)
    return 3 if broken else 0
