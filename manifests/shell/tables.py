"""Text of Rich tables."""

import io

from rich.console import Console, RenderableType
from rich.measure import Measurement

WIDTH = 400  # columns; wide enough that no number is cut off


def drawn(table: RenderableType, colour: bool = True) -> list[str]:
    """Return the lines of a table, independent of the terminal; colour : with escape codes for bold type etc."""
    console = Console(
        file=io.StringIO(),
        width=WIDTH,
        force_terminal=colour,
        color_system="standard" if colour else None,
        highlight=False,
        force_jupyter=False,  # else it prints into the cell, not into the text
    )
    with console.capture() as captured:
        console.print(table)
    return captured.get().splitlines()


def fits(table: RenderableType) -> bool:
    """True if `drawn` cuts no cell of a table short."""
    console = Console(width=WIDTH, file=io.StringIO())
    return Measurement.get(console, console.options.update(max_width=100 * WIDTH), table).maximum <= WIDTH
