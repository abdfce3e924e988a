"""Rich's tables as text."""

import io

from rich.console import Console, RenderableType

WIDTH = 400  # columns; a table is as wide as it must be, since cutting numbers off would help nobody


def drawn(table: RenderableType, colour: bool = True) -> list[str]:
    """The lines of a table, the same whatever the terminal is; colour : with bold type and the like as escape codes."""
    console = Console(
        file=io.StringIO(),
        width=WIDTH,
        force_terminal=colour,
        color_system="standard" if colour else None,
        highlight=False,
    )
    with console.capture() as captured:
        console.print(table)
    return captured.get().splitlines()
