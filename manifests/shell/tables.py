"""Text of Rich tables."""

import io
import shutil
import sys

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


def fits(table: RenderableType, width: int = WIDTH) -> bool:
    """True if a table needs at most `width` columns; `drawn` cuts no cell short up to WIDTH."""
    console = Console(width=WIDTH, file=io.StringIO())
    return Measurement.get(console, console.options.update(max_width=100 * WIDTH), table).maximum <= width


def room() -> int:
    """Return the number of columns for a table on standard output: those of the terminal; WIDTH for a file or pipe."""
    isatty = getattr(sys.stdout, "isatty", bool)  # a closed standard output is None
    return min(WIDTH, shutil.get_terminal_size().columns) if isatty() else WIDTH
