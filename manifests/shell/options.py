"""Options that several verbs have."""

from pathlib import Path

import click

from ..common.machine import DEVICES
from ..common.shipped import shipped
from .values import DATASET, RUN, of_kind

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
    "--workers", "--jobs", "workers", type=click.IntRange(1), help="Number of processes.", show_default="one per core"
)
dataset_argument = click.argument("dataset", type=DATASET)
