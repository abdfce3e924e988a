"""The descriptions of a representation for the screen: metrics without ranks, which have no column."""

from rich import box
from rich.table import Table

from iebench.manifests.shell.tables import drawn
from iebench.manifests.text.escapes import screen

from ..metrics.geometry.curves import is_point
from .board import Board, Cell
from .tables import CEILING, FLOOR, NOTHING, interval, number


def described(board: Board) -> str:
    """Return a table of a single score's metrics that are neither ranked nor in a column, one a line."""
    metrics = [metric for metric in board.metrics if not board.infos[metric].ranked and not is_point(metric)]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("description", no_wrap=True)
    for row in board.rows:
        table.add_column(screen(row.part), justify="right", no_wrap=True)
    ends = {FLOOR: board.floors}
    if board.ceilings.keys() & {*metrics}:
        ends[CEILING] = board.ceilings
    for end in ends:
        table.add_column(end, justify="right", no_wrap=True, style="dim")
    for metric in metrics:
        info = board.infos[metric]
        cells = (_text(row.cells.get(metric)) for row in board.rows)
        shown = (info.show(of[metric]) if metric in of else NOTHING for of in ends.values())
        table.add_row(screen(info.title), *cells, *shown)
    return "\n".join(line.rstrip() for line in drawn(table) if line.strip())


def _text(cell: Cell | None) -> str:
    return NOTHING if cell is None else f"{number(cell)} {screen(interval(cell))}"
