"""Options that several verbs have."""

from pathlib import Path

import click

from ..common.machine import DEVICES

device_option = click.option(
    "--device", type=click.Choice(DEVICES), default="auto", help="Device; auto takes a GPU if there is one."
)
data_option = click.option(
    "--data", type=click.Path(path_type=Path), help="Folder of the dataset.", show_default="newest under data/"
)
runs_option = click.option(
    "--out", type=click.Path(path_type=Path), default=Path("runs"), help="Folder that holds the runs."
)
table_option = click.option("--out", type=click.Path(path_type=Path), help="File to write.", show_default="the screen")
