"""Options that several verbs have."""

from copy import copy
from pathlib import Path

import click

from ..common.machine import DEVICES
from ..common.shipped import shipped
from .values import DATASET, RUN, of_kind


class Renamed(click.Option):
    """An option whose first name is shown; its older names still work."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return the row of a help text, with the first name alone."""
        shown = copy(self)
        shown.opts = self.opts[:1]
        return click.Option.get_help_record(shown, ctx)


device_option = click.option(
    "--device", type=click.Choice(DEVICES), default="auto", help="Device; auto takes a GPU if there is one."
)
data_option = click.option("--data", type=DATASET, help="Folder of the dataset.", show_default="newest under data/")
runs_option = click.option(
    "--out", type=click.Path(path_type=Path), default=Path("runs"), help="Folder that holds the runs."
)
run_option = click.option("--run", "folder", type=RUN, help="Folder of a run.", show_default="newest under runs/")
protocol_option = click.option(
    "--protocol", "rules", type=of_kind("protocol"), default="converged", metavar="NAME|FILE", show_default=True,
    help=f"Protocol: {', '.join(shipped('protocol'))}, or a TOML file of your own (docs/background/protocols.md).",
)  # fmt: skip
table_option = click.option("--out", type=click.Path(path_type=Path), help="File to write.", show_default="the screen")
workers_option = click.option(
    "--workers", "--jobs", "workers", cls=Renamed, type=click.IntRange(1), metavar="N", help="Number of processes.",
    show_default="one per core",
)  # fmt: skip
dataset_argument = click.argument("dataset", type=DATASET)
